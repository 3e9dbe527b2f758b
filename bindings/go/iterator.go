package rdb

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sync"

	"rdb.example/rdb/internal/raw"
)

// Range is a part of a table's keys. The zero value is all of them.
type Range struct {
	Lower, Upper []byte // nil: no limit. Lower belongs to the range, Upper does not
	ExcludeLower bool   // Lower does not belong to it either
	IncludeUpper bool   // Upper belongs to it
	Reverse      bool   // from the last key to the first
}

// Prefix is the range of the keys that begin with prefix.
func Prefix(prefix []byte) Range {
	r := Range{Lower: append([]byte{}, prefix...)}
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			r.Upper = append([]byte{}, prefix[:i+1]...)
			r.Upper[i]++
			break
		}
	}
	return r
}

// bounds are the RDB_BOUND_... of a range.
func (r *Range) bounds() (lower, upper int) {
	if r.Lower != nil {
		lower = boundIncluded
		if r.ExcludeLower {
			lower = boundExcluded
		}
	}
	if r.Upper != nil {
		upper = boundExcluded
		if r.IncludeUpper {
			upper = boundIncluded
		}
	}
	return lower, upper
}

const (
	boundIncluded = 1
	boundExcluded = 2
)

// Iterator walks over a part of a table:
//
//	it := table.Iterate(rdb.Prefix(p))
//	defer it.Close()
//	for it.Next() {
//		use(it.Key(), it.Value())
//	}
//	err := it.Err()
//
// It belongs to one goroutine at a time. In a write transaction, changing the table ends the iteration
// with [ErrMisuse]: collect what is to be changed, or use a [Cursor].
type Iterator struct {
	table   *Table
	child   *child
	version uint64 // of the table, when the iteration began

	fill       func(cursor int64, buffer []byte, maxRecords int) raw.Answer
	maxRecords int
	buffer     *[]byte // packed records; nil before the first and behind the last
	next, end  int     // what of them is still to come
	key, value []byte
	err        error
}

// The first crossing fetches few records, for those who want no more, and each further one more.
const firstRecords, mostRecords = 16, 4096

const bufferBytes = 64 << 10

var buffers = sync.Pool{New: func() any {
	buffer := make([]byte, bufferBytes)
	return &buffer
}}

// Iterate begins to walk over a range of the table.
func (t *Table) Iterate(r Range) *Iterator {
	it := t.iterate(r)
	if it.child != nil {
		runtime.SetFinalizer(it, (*Iterator).forget)
	}
	return it
}

// iterate is for those who are sure to call Close.
func (t *Table) iterate(r Range) *Iterator {
	it := &Iterator{table: t, maxRecords: firstRecords, fill: raw.NextBatch}
	if r.Reverse {
		it.fill = raw.PrevBatch
	}
	it.child, it.err = t.openCursor()
	if it.err == nil {
		it.version = t.version.Load()
		if it.err = t.state.setRange(it.child, &r); it.err != nil {
			it.release()
		}
	}
	return it
}

func (t *Table) openCursor() (*child, error) {
	var c *child
	_, err := t.call(func(handle int64, d *raw.Detail) {
		if cursor := raw.CursorOpen(handle, d); cursor != 0 {
			c = t.state.adopt(cursor, raw.CursorClose)
		}
	})
	return c, err
}

func (s *txState) setRange(c *child, r *Range) error {
	lower, upper := r.bounds()
	// Copies, since the keys may be parts of objects with Go pointers.
	low, high := bytes.Clone(r.Lower), bytes.Clone(r.Upper)
	_, err := s.callChild(c, func(handle int64, d *raw.Detail) {
		raw.CursorSetRange(handle, lower, low, upper, high, d)
	})
	return err
}

// callChild makes a call with the handle of a cursor.
func (s *txState) callChild(c *child, f func(handle int64, d *raw.Detail)) (Status, error) {
	if err := s.enter(); err != nil {
		return StatusClosed, err
	}
	defer s.leave()
	if c.handle == 0 {
		return StatusClosed, closed("cursor")
	}
	return try(func(d *raw.Detail) { f(c.handle, d) })
}

// Next goes to the next entry and tells whether there is one.
func (it *Iterator) Next() bool {
	if it.next >= it.end && !it.refill() || it.changed() {
		return false
	}
	packed := (*it.buffer)[it.next:it.end]
	key := 8 + int(binary.LittleEndian.Uint32(packed))
	end := key + int(binary.LittleEndian.Uint32(packed[4:]))
	it.key = packed[8:key:key]
	it.value = packed[key:end:end]
	it.next += (end + 3) &^ 3
	return true
}

func (it *Iterator) changed() bool {
	if it.version == it.table.version.Load() {
		return false
	}
	it.fail(misuse("the table was changed during the iteration"))
	return true
}

func (it *Iterator) fail(err error) {
	it.err = err
	it.release()
}

func (it *Iterator) refill() bool {
	if it.child == nil || it.err != nil || it.changed() {
		it.release()
		return false
	}
	s := it.table.state
	if s.ctx != nil && s.ctx.Err() != nil {
		it.fail(cancelled(s.ctx))
		return false
	}
	if it.buffer == nil {
		it.buffer = buffers.Get().(*[]byte)
	}
	for {
		if err := s.enter(); err != nil {
			it.fail(err)
			return false
		}
		a := it.fill(it.child.handle, *it.buffer, it.maxRecords)
		s.leave()
		switch Status(a.Status) {
		case StatusOK:
			it.next, it.end = 0, a.Size
			it.maxRecords = min(4*it.maxRecords, mostRecords)
			return true
		case StatusMore:
			room := make([]byte, a.Size)
			it.buffer = &room
		default: // StatusEnd, or an error
			it.err = failure(a.Detail)
			it.release()
			return false
		}
	}
}

// Key of the entry, valid until the next step of the iterator: use [bytes.Clone] to keep it.
func (it *Iterator) Key() []byte { return it.key }

// Value of the entry, valid until the next step of the iterator: use [bytes.Clone] to keep it.
func (it *Iterator) Value() []byte { return it.value }

// Err tells why Next gave false: nil at the end of the range.
func (it *Iterator) Err() error { return it.err }

// Close ends the iteration. Closing what is closed does nothing, and an iterator that Next has run to
// its end is closed.
func (it *Iterator) Close() error {
	it.release()
	return nil
}

func (it *Iterator) release() {
	if it.child != nil {
		it.table.state.drop(it.child, false)
		it.child = nil
		runtime.SetFinalizer(it, nil)
	}
	if it.buffer != nil && len(*it.buffer) == bufferBytes {
		buffers.Put(it.buffer)
	}
	it.buffer, it.next, it.end, it.key, it.value = nil, 0, 0, nil, nil
}

// forget is the finaliser.
func (it *Iterator) forget() { it.release() }
