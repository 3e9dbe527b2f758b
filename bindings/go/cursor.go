package rdb

import (
	"bytes"
	"encoding/binary"
	"runtime"

	"rdb.example/rdb/internal/raw"
)

// Cursor is a position in a table that moves by single steps, in both directions, and can delete. To
// walk over many entries an [Iterator] is faster by far.
//
// Each move tells whether it arrived at an entry; when it did not, Err tells whether that was an error.
// A fresh cursor, and one with a new range, stands before the first entry: Next goes to the first, Prev
// to the last. In a write transaction, after a change of the table that was not made through the cursor,
// moves fail with [ErrMisuse] until it is placed anew by First, Last or a Seek. After a move that could
// not read a page it stands before the first entry, as a fresh one.
//
// It belongs to one goroutine at a time.
type Cursor struct {
	table      *Table
	child      *child
	room       []byte
	size       []int64
	key, value []byte
	err        error
}

// Cursor opens a cursor over the table.
func (t *Table) Cursor() (*Cursor, error) {
	child, err := t.openCursor()
	if err != nil {
		return nil, err
	}
	c := &Cursor{table: t, child: child, room: make([]byte, 256), size: make([]int64, 1)}
	runtime.SetFinalizer(c, (*Cursor).forget)
	return c, nil
}

// First goes to the first entry.
func (c *Cursor) First() bool { return c.move(raw.CursorFirst) }

// Last goes to the last entry.
func (c *Cursor) Last() bool { return c.move(raw.CursorLast) }

// Next goes to the next entry; behind the last one, Prev goes back to it.
func (c *Cursor) Next() bool { return c.move(raw.CursorNext) }

// Prev goes to the entry before; before the first one, Next goes back to it.
func (c *Cursor) Prev() bool { return c.move(raw.CursorPrev) }

// Here stays, and reads the entry under the cursor.
func (c *Cursor) Here() bool { return c.move(raw.CursorGet) }

// Seek goes to the first entry whose key is target or greater.
func (c *Cursor) Seek(target []byte) bool { return c.seek(raw.CursorSeek, target) }

// SeekExact goes to the entry whose key is target; when there is none, to where Seek would go, and
// gives false.
func (c *Cursor) SeekExact(target []byte) bool { return c.seek(raw.CursorSeekExact, target) }

// SeekLE goes to the last entry whose key is target or smaller.
func (c *Cursor) SeekLE(target []byte) bool { return c.seek(raw.CursorSeekLe, target) }

func (c *Cursor) seek(call func(int64, []byte, []byte, []int64, *raw.Detail) int, target []byte) bool {
	target = bytes.Clone(target) // it may be part of an object with Go pointers
	return c.move(func(handle int64, room []byte, size []int64, d *raw.Detail) int {
		return call(handle, target, room, size, d)
	})
}

func (c *Cursor) move(call func(int64, []byte, []int64, *raw.Detail) int) bool {
	c.key, c.value = nil, nil
	status, err := c.table.state.callChild(c.child, func(handle int64, d *raw.Detail) {
		call(handle, c.room, c.size, d)
		if d.Status == int32(StatusMore) {
			c.room = make([]byte, c.size[0])
			raw.CursorGet(handle, c.room, c.size, d)
		}
	})
	if c.err = err; err != nil || status != StatusOK {
		return false
	}
	key := 8 + int(binary.LittleEndian.Uint32(c.room))
	end := key + int(binary.LittleEndian.Uint32(c.room[4:]))
	c.key, c.value = c.room[8:key:key], c.room[key:end:end]
	return true
}

// Key of the entry, valid until the next step of the cursor: use [bytes.Clone] to keep it.
func (c *Cursor) Key() []byte { return c.key }

// Value of the entry, valid until the next step of the cursor: use [bytes.Clone] to keep it.
func (c *Cursor) Value() []byte { return c.value }

// Err is the error of the last move, nil when it only found no entry.
func (c *Cursor) Err() error { return c.err }

// SetRange confines the cursor to a range, whose Reverse is not looked at, and puts it before the first
// entry in there; every later move stays inside.
func (c *Cursor) SetRange(r Range) error {
	c.key, c.value = nil, nil
	return c.table.state.setRange(c.child, &r)
}

// Delete deletes the entry under the cursor, which then stands between its neighbours, and tells
// whether there was one.
func (c *Cursor) Delete() (deleted bool, err error) {
	c.key, c.value = nil, nil
	status, err := c.table.state.callChild(c.child, func(handle int64, d *raw.Detail) {
		raw.CursorDelete(handle, d)
		c.table.version.Add(1)
	})
	return status == StatusOK && err == nil, err
}

// Close releases the cursor. Closing what is closed does nothing.
func (c *Cursor) Close() error {
	c.key, c.value = nil, nil
	c.table.state.drop(c.child, false)
	runtime.SetFinalizer(c, nil)
	return nil
}

// forget is the finaliser.
func (c *Cursor) forget() { c.Close() }
