package rdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"

	"rdb.example/rdb/internal/raw"
)

// Exchange is Put, and gives the value that was there before: nil when there was none.
func (t *Table) Exchange(key, value []byte, flags ...PutFlag) (old []byte, err error) {
	handle := make([]int64, 1)
	status, err := t.call(func(table int64, d *raw.Detail) {
		raw.Exchange(table, key, value, int64(flagsOf(flags)), handle, d)
		t.version.Add(1)
	})
	if err != nil {
		return nil, err
	}
	if handle[0] != 0 {
		old = takeValue(handle[0])
	}
	return old, outcome(int32(status), nil)
}

// Take is Delete, and gives the value that was deleted; [ErrNotFound] when there was none.
func (t *Table) Take(key []byte) (old []byte, err error) {
	var handle int64
	_, err = t.call(func(table int64, d *raw.Detail) {
		handle = raw.Take(table, key, d)
		t.version.Add(1)
	})
	if err != nil {
		return nil, err
	}
	if handle == 0 {
		return nil, ErrNotFound
	}
	return takeValue(handle), nil
}

// CompareAndPut stores value under key if what is there is what is expected. nil for expected: the key is
// to be absent; nil for value: the key is deleted instead. [ErrNotFound]: a value was expected, and the
// key is absent; [ErrExists]: nothing was expected, and it is there; [ErrDifferent]: its value is another.
func (t *Table) CompareAndPut(key, expected, value []byte) error {
	status, err := t.call(func(table int64, d *raw.Detail) {
		raw.CompareAndPut(table, key, number(expected != nil), expected, number(value != nil), value, d)
		t.version.Add(1)
	})
	if err != nil {
		return err
	}
	return outcome(int32(status), nil)
}

// Put replaces the value of the entry under the cursor, which stays on it, and tells whether there was one.
func (c *Cursor) Put(value []byte) (replaced bool, err error) {
	c.key, c.value = nil, nil
	status, err := c.table.state.callChild(c.child, func(handle int64, d *raw.Detail) {
		raw.CursorPut(handle, value, d)
		c.table.version.Add(1)
	})
	return status == StatusOK && err == nil, err
}

// Reservation is memory for a value that is to be stored. It belongs to one goroutine at a time, and ends
// with its transaction.
type Reservation struct {
	table *Table
	child *child
	data  []byte
}

// Reserve gives size zero bytes in which the caller makes a value, which Store then puts under key. flags
// are as for Put, and looked at by Store.
func (t *Table) Reserve(key []byte, size int, flags ...PutFlag) (*Reservation, error) {
	if size < 0 {
		return nil, invalid("a negative size")
	}
	r := &Reservation{table: t}
	out := make([]int64, 2)
	_, err := t.call(func(table int64, d *raw.Detail) {
		if raw.Reserve(table, key, int64(size), int64(flagsOf(flags)), out, d); d.Status < 0 {
			return
		}
		r.child = t.state.adopt(out[0], func(handle int64, _ *raw.Detail) int {
			raw.ReservationFree(handle)
			return 0
		})
		r.data = raw.Memory(out[1], int64(size))
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(r, (*Reservation).Free)
	return r, nil
}

// Bytes is the memory, until Store or Free.
func (r *Reservation) Bytes() []byte { return r.data }

// Store puts the value under its key, with the outcomes of [Table.Put]. Once.
func (r *Reservation) Store() error {
	r.data = nil
	status, err := r.table.state.callChild(r.child, func(handle int64, d *raw.Detail) {
		r.table.state.childMu.Lock()
		delete(r.table.state.children, r.child)
		r.child.handle = 0
		r.table.state.childMu.Unlock()
		raw.ReservationStore(handle, d)
		r.table.version.Add(1)
	})
	runtime.SetFinalizer(r, nil)
	if err != nil {
		return err
	}
	return outcome(int32(status), nil)
}

// Free gives the reservation up. After Store it does nothing, so that it can be deferred.
func (r *Reservation) Free() {
	r.data = nil
	r.table.state.drop(r.child, false)
	runtime.SetFinalizer(r, nil)
}

// Drain deletes a range and tells how many records that were. Pages that lie in it whole are given up
// without a look at their records.
func (t *Table) Drain(r Range) (removed uint64, err error) {
	lower, upper := r.bounds()
	return t.change(func(handle int64, d *raw.Detail) int64 {
		return raw.Drain(handle, lower, r.Lower, upper, r.Upper, d)
	})
}

// Retain asks keep about each record of a range, in key order, then deletes those for which it answered
// false, and tells how many. The slices are gone when keep returns. An error leaves the table as it was
// and is wrapped by the result, except for [ErrStopped]: that keeps the record and all behind it. The
// transaction answers [ErrMisuse] while keep runs.
func (t *Table) Retain(r Range, keep func(key, value []byte) (bool, error)) (removed uint64, err error) {
	lower, upper := r.bounds()
	c := callback{state: t.state}
	n, err := t.change(func(handle int64, d *raw.Detail) (n int64) {
		raw.WithFilter(func(key, value []byte) int32 {
			stays := true
			status := c.run(func() (err error) {
				stays, err = keep(key, value)
				return err
			})
			if status == int32(StatusOK) && !stays {
				return int32(StatusNotFound)
			}
			return status
		}, func(fn, ctx int64) {
			n = raw.Retain(handle, lower, r.Lower, upper, r.Upper, fn, ctx, 0, d)
		})
		return n
	})
	return n, c.outcome(err)
}

// Extraction is a walk over a range that takes records out of the table. The table belongs to it until
// Close, or the end of the transaction: other calls on it answer [ErrMisuse]. It belongs to one goroutine at
// a time.
type Extraction struct {
	table      *Table
	child      *child
	reverse    bool
	room       []byte
	size       []int64
	key, value []byte
	err        error
}

// Extract begins a walk over a range, before its first record, or behind its last one with r.Reverse.
func (t *Table) Extract(r Range) (*Extraction, error) {
	lower, upper := r.bounds()
	e := &Extraction{table: t, reverse: r.Reverse, room: make([]byte, 256), size: make([]int64, 1)}
	_, err := t.call(func(handle int64, d *raw.Detail) {
		if walk := raw.ExtractOpen(handle, lower, r.Lower, upper, r.Upper, d); walk != 0 {
			e.child = t.state.adopt(walk, func(handle int64, d *raw.Detail) int {
				raw.ExtractClose(handle, d)
				return 0
			})
		}
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(e, (*Extraction).forget)
	return e, nil
}

// Next goes to the next record, and tells whether there is one. It stays in the table unless Take is called.
func (e *Extraction) Next() bool {
	e.key, e.value = nil, nil
	status, err := e.table.state.callChild(e.child, func(handle int64, d *raw.Detail) {
		if e.reverse {
			raw.ExtractPrev(handle, e.room, e.size, d)
		} else {
			raw.ExtractNext(handle, e.room, e.size, d)
		}
		if d.Status == int32(StatusMore) {
			e.room = make([]byte, e.size[0])
			raw.ExtractGet(handle, e.room, e.size, d)
		}
	})
	if e.err = err; err != nil || status != StatusOK {
		return false
	}
	key := 8 + int(binary.LittleEndian.Uint32(e.room))
	end := key + int(binary.LittleEndian.Uint32(e.room[4:]))
	e.key, e.value = e.room[8:key:key], e.room[key:end:end]
	return true
}

// Key of the record, valid until the next step: use [bytes.Clone] to keep it.
func (e *Extraction) Key() []byte { return e.key }

// Value of the record, valid until the next step: use [bytes.Clone] to keep it.
func (e *Extraction) Value() []byte { return e.value }

// Err is the error of the last step, nil when it only found no record.
func (e *Extraction) Err() error { return e.err }

// Take takes the record out of the table, and tells whether there was one to take.
func (e *Extraction) Take() (taken bool, err error) {
	status, err := e.table.state.callChild(e.child, func(handle int64, d *raw.Detail) {
		raw.ExtractTake(handle, d)
	})
	return status == StatusOK && err == nil, err
}

// Close ends the walk, deletes the records that were taken, and tells how many; after an error they are
// all there. Closing what is closed, or whose transaction is over, does nothing.
func (e *Extraction) Close() (removed uint64, err error) {
	e.key, e.value = nil, nil
	runtime.SetFinalizer(e, nil)
	var n int64
	_, err = e.table.state.callChild(e.child, func(handle int64, d *raw.Detail) {
		e.table.state.childMu.Lock()
		delete(e.table.state.children, e.child)
		e.child.handle = 0
		e.table.state.childMu.Unlock()
		n = raw.ExtractClose(handle, d)
		e.table.version.Add(1)
	})
	if err != nil {
		if e, ok := err.(*Error); ok && e.Status == StatusClosed {
			return 0, nil
		}
		return 0, err
	}
	return uint64(n), nil
}

// forget is the finaliser.
func (e *Extraction) forget() { e.Close() }

// Extracted takes the records of a range for which pick answers true, or all of them when it is nil, out of
// the table and gives each to f until that answers false. Records that f was not given stay.
func (t *Table) Extracted(r Range, pick func(key, value []byte) bool, f func(key, value []byte) bool) error {
	e, err := t.Extract(r)
	if err != nil {
		return err
	}
	defer e.Close()
	for e.Next() {
		if pick != nil && !pick(e.Key(), e.Value()) {
			continue
		}
		if _, err := e.Take(); err != nil {
			return err
		}
		if !f(bytes.Clone(e.Key()), bytes.Clone(e.Value())) {
			break
		}
	}
	if err := e.Err(); err != nil {
		return err
	}
	_, err = e.Close()
	return err
}

// CopyTable copies the records of source, as they are stored, into the table called name, until ctx is done:
// it is created with the same types when it is missing, else the types must be the same and records replace
// those of their keys. source may belong to any transaction. It tells how many records were copied.
func (tx *Tx) CopyTable(ctx context.Context, source *Table, name string) (copied uint64, err error) {
	if err := tx.state.db.block(ctx); err != nil {
		return 0, err
	}
	defer tx.state.db.unblock()
	if err := tx.state.enter(); err != nil {
		return 0, err
	}
	defer tx.state.leave()
	from, err := source.enterBeside(tx.state)
	if err != nil {
		return 0, err
	}
	if source.state != tx.state {
		defer source.state.leave()
	}
	l := longCall{ctx: ctx}
	var n int64
	_, err = l.run(func(l *longCall, d *raw.Detail) {
		n = raw.TableCopy(from, tx.state.handle, []byte(name), l.cancel, d)
	})
	if err != nil {
		return 0, err
	}
	return uint64(n), nil
}

// enterBeside is enter for a call that is inside of another transaction, perhaps the table's own.
func (t *Table) enterBeside(inside *txState) (handle int64, err error) {
	if t.failed != nil || t.state != inside {
		return t.enter()
	}
	if t.child.handle == 0 {
		return 0, closed("table")
	}
	return t.child.handle, nil
}
