package rdb

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"rdb.example/rdb/internal/raw"
)

// Table is a table as one transaction sees it: a map from keys to values, in the order of the keys. It
// ends with its transaction. Keys and values are bytes here; see [TypedTable] for others.
type Table struct {
	state *txState
	child *child
	// Why there is no table; every call answers it. From Tx.Table, which has no error to give.
	failed error
	// Which types Tx.Table was asked for.
	types [2]Type
	// Grows with each change, so that iterators notice. Writers only.
	version atomic.Uint64

	scanMu  sync.Mutex
	scanErr error
}

// PutFlag restricts a Put.
type PutFlag uint64

const (
	// InsertOnly makes Put answer [ErrExists], and change nothing, when the key is there.
	InsertOnly PutFlag = 1
	// UpdateOnly makes Put answer [ErrNotFound], and change nothing, when it is not.
	UpdateOnly PutFlag = 2
)

func flagsOf(flags []PutFlag) (all uint64) {
	for _, flag := range flags {
		all |= uint64(flag)
	}
	return all
}

// Table gives a table of byte strings, which a write transaction creates when it is missing. It is
// opened once in a transaction and then given again. What goes wrong is the error of every call on it.
func (tx *Tx) Table(name string) *Table { return tx.table(name, Type{}, Type{}) }

func (tx *Tx) table(name string, key, value Type) *Table {
	return tx.once(&tx.tables, name, key, value, func() (*Table, error) {
		return tx.OpenTable(name, key, value)
	})
}

// once gives the table of a name that was opened before under the same types, or what open gives.
func (tx *Tx) once(opened *map[string]*Table, name string, key, value Type, open func() (*Table, error)) *Table {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if t := (*opened)[name]; t != nil && t.types == [2]Type{key, value} && !t.isClosed() {
		return t
	}
	t, err := open()
	if err != nil {
		return &Table{state: tx.state, failed: err}
	}
	if *opened == nil {
		*opened = map[string]*Table{}
	}
	(*opened)[name] = t
	return t
}

// OpenTable opens a table of the given types, which a write transaction creates when it is missing. The
// zero Type stands for byte strings. In a write transaction a table can be open once at a time:
// [ErrTableOpen].
func (tx *Tx) OpenTable(name string, key, value Type) (*Table, error) {
	return tx.openTyped(raw.TableOpen, name, key, value)
}

// openTyped opens with a function of the library.
func (tx *Tx) openTyped(call func(int64, []byte, int, []byte, int, []byte, *raw.Detail) int64, name string,
	key, value Type) (*Table, error) {
	if key.Class == 0 && key.Name != "" || value.Class == 0 && value.Name != "" {
		return nil, invalid("a type has a name and no class")
	}
	return tx.open([2]Type{key, value}, func(handle int64, d *raw.Detail) int64 {
		return call(handle, []byte(name), int(key.Class), []byte(key.Name), int(value.Class),
			[]byte(value.Name), d)
	})
}

// OpenTableRaw opens a table whatever its types are, and never creates one. Where the order of its keys
// is not known, searching and changing by key answer [ErrUnknownKeyType], and scans go in stored order.
func (tx *Tx) OpenTableRaw(name string) (*Table, error) {
	return tx.openRaw(raw.TableOpenRaw, name)
}

func (tx *Tx) openRaw(call func(int64, []byte, *raw.Detail) int64, name string) (*Table, error) {
	return tx.open([2]Type{}, func(handle int64, d *raw.Detail) int64 {
		return call(handle, []byte(name), d)
	})
}

func (tx *Tx) open(types [2]Type, call func(handle int64, d *raw.Detail) int64) (*Table, error) {
	t := &Table{state: tx.state, types: types}
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		if table := call(handle, d); table != 0 {
			t.child = tx.state.adopt(table, raw.TableClose)
		}
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Table) isClosed() bool {
	if t.state.enter() != nil {
		return true
	}
	defer t.state.leave()
	return t.child.handle == 0
}

// Close releases the table before its transaction ends, so that it can be renamed, deleted or opened
// anew. Its changes stay part of the transaction; iterators over it go on.
func (t *Table) Close() error {
	if t.failed == nil {
		t.state.drop(t.child, true)
	}
	return nil
}

// enter begins a call; t.state.leave must follow when it succeeds.
func (t *Table) enter() (handle int64, err error) {
	if t.failed != nil {
		return 0, t.failed
	}
	if err := t.state.enter(); err != nil {
		return 0, err
	}
	if t.child.handle == 0 {
		t.state.leave()
		return 0, closed("table")
	}
	return t.child.handle, nil
}

// call makes a call with the table's handle.
func (t *Table) call(f func(handle int64, d *raw.Detail)) (Status, error) {
	handle, err := t.enter()
	if err != nil {
		return err.(*Error).Status, err
	}
	defer t.state.leave()
	return try(func(d *raw.Detail) { f(handle, d) })
}

// scratch holds values until their size is known.
var scratch = sync.Pool{New: func() any { return new([4096]byte) }}

// Get reads the value of key; [ErrNotFound] when there is none.
func (t *Table) Get(key []byte) ([]byte, error) {
	handle, err := t.enter()
	if err != nil {
		return nil, err
	}
	room := scratch.Get().(*[4096]byte)
	a := raw.GetInto(handle, key, room[:])
	var value []byte
	switch Status(a.Status) {
	case StatusOK:
		value = append(value, room[:a.Size]...)[:a.Size:a.Size] // unlike make, clears nothing before
		if value == nil {
			value = []byte{}
		}
	case StatusMore:
		value = make([]byte, a.Size)
		a = raw.GetInto(handle, key, value)
	}
	scratch.Put(room)
	t.state.leave()
	return value, outcome(a.Status, a.Detail)
}

// GetInto copies the value of key into buffer and tells its size. [io.ErrShortBuffer]: the value has
// size bytes, more than buffer, which is untouched. It allocates nothing.
func (t *Table) GetInto(key, buffer []byte) (size int, err error) {
	handle, err := t.enter()
	if err != nil {
		return 0, err
	}
	a := raw.GetInto(handle, key, buffer)
	t.state.leave()
	switch Status(a.Status) {
	case StatusOK:
		return a.Size, nil
	case StatusMore:
		return a.Size, io.ErrShortBuffer
	}
	return 0, outcome(a.Status, a.Detail)
}

// Contains tells whether key is there.
func (t *Table) Contains(key []byte) (bool, error) {
	handle, err := t.enter()
	if err != nil {
		return false, err
	}
	a := raw.Contains(handle, key)
	t.state.leave()
	return a.Status == int32(StatusOK), failure(a.Detail)
}

// Put stores value under key, replacing what was there unless a flag forbids it.
func (t *Table) Put(key, value []byte, flags ...PutFlag) error {
	handle, err := t.enter()
	if err != nil {
		return err
	}
	a := raw.Put(handle, key, value, flagsOf(flags))
	t.version.Add(1)
	t.state.leave()
	return outcome(a.Status, a.Detail)
}

// Delete deletes key and tells whether it was there.
func (t *Table) Delete(key []byte) (deleted bool, err error) {
	handle, err := t.enter()
	if err != nil {
		return false, err
	}
	a := raw.Delete(handle, key)
	t.version.Add(1)
	t.state.leave()
	return a.Status == int32(StatusOK), failure(a.Detail)
}

// PopFirst takes the first record out of the table; [ErrNotFound] when it is empty.
func (t *Table) PopFirst() (key, value []byte, err error) { return t.pop(raw.PopFirst) }

// PopLast takes the last record out of the table; [ErrNotFound] when it is empty.
func (t *Table) PopLast() (key, value []byte, err error) { return t.pop(raw.PopLast) }

func (t *Table) pop(call func(table int64, out []int64, d *raw.Detail) int) (key, value []byte, err error) {
	pair := make([]int64, 2)
	status, err := t.call(func(handle int64, d *raw.Detail) {
		call(handle, pair, d)
		t.version.Add(1)
	})
	if err != nil {
		return nil, nil, err
	}
	if status == StatusNotFound {
		return nil, nil, ErrNotFound
	}
	return takeValue(pair[0]), takeValue(pair[1]), nil
}

func takeValue(handle int64) []byte {
	value := append([]byte{}, raw.ValueData(handle)...)
	raw.ValueFree(handle)
	return value
}

// Len is the number of entries.
func (t *Table) Len() (uint64, error) {
	var entries int64
	_, err := t.call(func(handle int64, d *raw.Detail) { entries = raw.TableLen(handle, d) })
	if err != nil {
		return 0, err
	}
	return uint64(entries), nil
}

// Info describes the table.
func (t *Table) Info() (TableInfo, error) {
	var info TableInfo
	numbers := new([7]int64)
	_, err := t.call(func(handle int64, d *raw.Detail) {
		if raw.TableDescribe(handle, numbers[:], d); d.Status < 0 {
			return
		}
		info = tableInfo(numbers, func(which int, room []byte) int64 {
			return raw.TableDescribeText(handle, which, room, d)
		})
	})
	return info, err
}

// Stats walks the whole table for its figures, until ctx is done.
func (t *Table) Stats(ctx context.Context) (TableStats, error) {
	if err := t.state.db.block(ctx); err != nil {
		return TableStats{}, err
	}
	defer t.state.db.unblock()
	handle, err := t.enter()
	if err != nil {
		return TableStats{}, err
	}
	defer t.state.leave()
	n := make([]int64, 7)
	l := longCall{ctx: ctx}
	_, err = l.run(func(l *longCall, d *raw.Detail) { raw.TableStats(handle, l.cancel, n, d) })
	if err != nil {
		return TableStats{}, err
	}
	return TableStats{
		Entries: uint64(n[0]), LeafPages: uint64(n[1]), BranchPages: uint64(n[2]),
		StoredLeafBytes: uint64(n[3]), MetadataBytes: uint64(n[4]), FragmentedBytes: uint64(n[5]),
		TreeHeight: uint32(n[6]),
	}, nil
}

// Pin reads the value of key without copying it: the page it lies on is kept in memory until Close,
// after the end of the transaction and the database too. In a write transaction it is a copy.
// [ErrNotFound] when there is none.
func (t *Table) Pin(key []byte) (*Pinned, error) {
	handle, err := t.enter()
	if err != nil {
		return nil, err
	}
	value, data, a := raw.GetPin(handle, key)
	t.state.leave()
	if err := outcome(a.Status, a.Detail); err != nil {
		return nil, err
	}
	if data == nil { // an empty value; nil says that p is closed
		data = []byte{}
	}
	p := &Pinned{handle: value, data: data, origin: here()}
	runtime.SetFinalizer(p, (*Pinned).forget)
	return p, nil
}

// Pinned is a value that was not copied. Any number of goroutines may use it.
type Pinned struct {
	mu     sync.Mutex
	handle int64 // 0: closed
	data   []byte
	origin origin
}

// Bytes gives the value, to be read only. It is valid until Close, and as long as p is in use: keep p,
// not only its bytes (use [bytes.Clone] for that). After Close it gives nil.
func (p *Pinned) Bytes() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data
}

// Close releases the value. Closing what is closed does nothing.
func (p *Pinned) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handle != 0 {
		raw.ValueFree(p.handle)
		p.handle, p.data = 0, nil
		runtime.SetFinalizer(p, nil)
	}
	return nil
}

// forget is the finaliser.
func (p *Pinned) forget() {
	p.origin.leaked("pinned value")
	p.Close()
}
