package rdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"

	"rdb.example/rdb/internal/raw"
)

// Multimap is a multimap as one transaction sees it: each key has one value or more, in the order of
// their type. A pair is a key with one of its values. It ends with its transaction. Keys and values are
// bytes here; see [TypedMultimap] for others.
type Multimap struct {
	t *Table // for all that does not ask for the value of a key
}

// Multimap gives a multimap of byte strings, which a write transaction creates when it is missing. It is
// opened once in a transaction and then given again. What goes wrong is the error of every call on it.
func (tx *Tx) Multimap(name string) *Multimap { return tx.multimap(name, Type{}, Type{}) }

func (tx *Tx) multimap(name string, key, value Type) *Multimap {
	return &Multimap{tx.once(&tx.multimaps, name, key, value, func() (*Table, error) {
		m, err := tx.OpenMultimap(name, key, value)
		if err != nil {
			return nil, err
		}
		return m.t, nil
	})}
}

// OpenMultimap opens a multimap of the given types, as [Tx.OpenTable] opens tables:
// [ErrTableNotMultimap] for a table that is none. The value type must be one that keys could have.
func (tx *Tx) OpenMultimap(name string, key, value Type) (*Multimap, error) {
	t, err := tx.openTyped(raw.MultimapOpen, name, key, value)
	if err != nil {
		return nil, err
	}
	return &Multimap{t}, nil
}

// OpenMultimapRaw opens a multimap whatever its types are, as [Tx.OpenTableRaw] does tables.
func (tx *Tx) OpenMultimapRaw(name string) (*Multimap, error) {
	t, err := tx.openRaw(raw.MultimapOpenRaw, name)
	if err != nil {
		return nil, err
	}
	return &Multimap{t}, nil
}

// Close releases the multimap before its transaction ends; see [Table.Close].
func (m *Multimap) Close() error { return m.t.Close() }

// Get reads all values of key, in order; [ErrNotFound] when there is none. The values share one piece of
// memory. [Multimap.Values] reads sets that do not fit memory.
func (m *Multimap) Get(key []byte) ([][]byte, error) {
	if err := m.t.state.db.block(nil); err != nil {
		return nil, err
	}
	defer m.t.state.db.unblock()
	key = bytes.Clone(key) // it may be part of an object with Go pointers
	var answers []byte
	status, err := m.t.call(func(handle int64, d *raw.Detail) {
		result := raw.ResultCreate(d)
		if result == 0 {
			return
		}
		defer raw.ResultFree(result)
		if raw.MultimapGet(handle, key, result, d); d.Status != int32(StatusOK) {
			return
		}
		size := raw.ResultPack(result, nil, d)
		answers = make([]byte, size)
		raw.ResultPack(result, answers, d)
	})
	if err != nil {
		return nil, err
	}
	if status == StatusNotFound {
		return nil, ErrNotFound
	}
	var values [][]byte
	for len(answers) > 0 {
		size := binary.LittleEndian.Uint32(answers)
		values = append(values, answers[4:4+size:4+size])
		answers = answers[4+(size+3)&^3:]
	}
	return values, nil
}

// Contains tells whether key has a value.
func (m *Multimap) Contains(key []byte) (bool, error) { return m.t.Contains(key) }

// Has tells whether value is one of key's.
func (m *Multimap) Has(key, value []byte) (bool, error) {
	return m.outcomeOf(raw.MultimapContains, key, value)
}

func (m *Multimap) outcomeOf(call func(int64, []byte, []byte, *raw.Detail) int, key, value []byte) (bool, error) {
	key, value = bytes.Clone(key), bytes.Clone(value)
	status, err := m.t.call(func(handle int64, d *raw.Detail) { call(handle, key, value, d) })
	return err == nil && status == StatusOK, err
}

// Count is the number of values of key, which are not read; 0 when there is none.
func (m *Multimap) Count(key []byte) (uint64, error) {
	key = bytes.Clone(key)
	return m.number(func(handle int64, d *raw.Detail) int64 {
		return raw.MultimapValueCount(handle, key, d)
	})
}

func (m *Multimap) number(call func(handle int64, d *raw.Detail) int64) (uint64, error) {
	var n int64
	if _, err := m.t.call(func(handle int64, d *raw.Detail) { n = call(handle, d) }); err != nil {
		return 0, err
	}
	return uint64(n), nil
}

// Len is the number of pairs.
func (m *Multimap) Len() (uint64, error) { return m.t.Len() }

// Keys is the number of keys.
func (m *Multimap) Keys() (uint64, error) { return m.number(raw.MultimapKeyCount) }

// Put adds value to those of key and tells whether it was new.
func (m *Multimap) Put(key, value []byte) (added bool, err error) {
	switch err := m.t.Put(key, value); err {
	case nil:
		return true, nil
	case ErrExists:
		return false, nil
	default:
		return false, err
	}
}

// Delete takes value from those of key and tells whether it was there.
func (m *Multimap) Delete(key, value []byte) (deleted bool, err error) {
	deleted, err = m.outcomeOf(raw.MultimapDelete, key, value)
	m.t.version.Add(1)
	return deleted, err
}

// DeleteKey deletes key with all its values and tells whether it had one.
func (m *Multimap) DeleteKey(key []byte) (deleted bool, err error) { return m.t.Delete(key) }

// PutBatch adds the pairs of a batch, which stays as it is, and tells how many were new; errors as of
// [Table.PutBatch].
func (m *Multimap) PutBatch(batch *Batch) (added uint64, err error) { return m.t.PutBatch(batch) }

// DeleteBatch takes the pairs of a batch out and tells how many were there. It stops at the first error,
// whose Position is the index of the pair.
func (m *Multimap) DeleteBatch(batch *Batch) (deleted uint64, err error) {
	return m.t.change(func(handle int64, d *raw.Detail) int64 {
		return raw.MultimapDeleteBatchPacked(handle, batch.packed, d)
	})
}

// DeleteKeys deletes keys with all their values and tells how many had one.
func (m *Multimap) DeleteKeys(keys [][]byte) (deleted uint64, err error) {
	return m.t.DeleteBatch(keys)
}

// Drain deletes all keys of a range, whose Reverse is not looked at, and tells how many they were. After
// an error those before the one at fault are gone.
func (m *Multimap) Drain(r Range) (keys uint64, err error) {
	lower, upper := r.bounds()
	low, high := bytes.Clone(r.Lower), bytes.Clone(r.Upper)
	return m.t.change(func(handle int64, d *raw.Detail) int64 {
		return raw.MultimapDrain(handle, lower, low, upper, high, d)
	})
}

// Iterate begins to walk over the pairs whose keys are in a range.
func (m *Multimap) Iterate(r Range) *Iterator { return m.t.Iterate(r) }

// Values begins to walk over the values of key, from the last to the first when reverse.
func (m *Multimap) Values(key []byte, reverse bool) *Iterator {
	bound := append([]byte{}, key...) // nil would be no bound
	return m.t.Iterate(Range{Lower: bound, Upper: bound, IncludeUpper: true, Reverse: reverse})
}

// Info describes the multimap.
func (m *Multimap) Info() (TableInfo, error) { return m.t.Info() }

// Stats walks the whole multimap for its figures, until ctx is done.
func (m *Multimap) Stats(ctx context.Context) (TableStats, error) { return m.t.Stats(ctx) }

// MultimapCursor is a [Cursor] over pairs: Next and Prev go from value to value and on to the next key.
// Seek and SeekExact go to the first value of a key, SeekLE to the last.
type MultimapCursor struct {
	*Cursor
}

// Cursor opens a cursor over the pairs.
func (m *Multimap) Cursor() (*MultimapCursor, error) {
	c, err := m.t.Cursor()
	if err != nil {
		return nil, err
	}
	return &MultimapCursor{c}, nil
}

// NextKey goes to the first value of the next key.
func (c *MultimapCursor) NextKey() bool { return c.move(raw.CursorNextKey) }

// PrevKey goes to the last value of the key before.
func (c *MultimapCursor) PrevKey() bool { return c.move(raw.CursorPrevKey) }

// NextValue goes to the next value of the same key. When it gives false and Err is nil there is none,
// and the cursor stays where it is. [ErrMisuse]: it stands on no pair.
func (c *MultimapCursor) NextValue() bool { return c.moveOrStay(raw.CursorNextValue) }

// PrevValue goes to the value before, of the same key; otherwise as NextValue.
func (c *MultimapCursor) PrevValue() bool { return c.moveOrStay(raw.CursorPrevValue) }

func (c *MultimapCursor) moveOrStay(call func(int64, []byte, []int64, *raw.Detail) int) bool {
	if c.move(call) {
		return true
	}
	if c.err == nil {
		c.Here() // Key and Value are those of the pair it stays on
	}
	return false
}

// FirstValue goes to the first value of the same key.
func (c *MultimapCursor) FirstValue() bool { return c.move(raw.CursorFirstValue) }

// LastValue goes to the last value of the same key.
func (c *MultimapCursor) LastValue() bool { return c.move(raw.CursorLastValue) }

// SeekPair goes to the first pair that does not come before (key, value).
func (c *MultimapCursor) SeekPair(key, value []byte) bool {
	key, value = bytes.Clone(key), bytes.Clone(value)
	return c.move(func(handle int64, room []byte, size []int64, d *raw.Detail) int {
		return raw.CursorSeekPair(handle, key, value, room, size, d)
	})
}

// Count is the number of values of the key under the cursor; 0 when it stands on no pair.
func (c *MultimapCursor) Count() (uint64, error) {
	var n int64
	_, err := c.table.state.callChild(c.child, func(handle int64, d *raw.Detail) {
		n = raw.CursorValueCount(handle, d)
	})
	runtime.KeepAlive(c)
	if err != nil {
		return 0, err
	}
	return uint64(n), nil
}

// TypedMultimap is a multimap whose keys and values are Go values.
//
//	tags := rdb.MultimapOf(tx, "tags", rdb.String, rdb.Uint64)
//	added, err := tags.Put("red", 7)
//	numbers, err := tags.Get("red")
type TypedMultimap[K, V any] struct {
	multimap *Multimap
	key      Codec[K]
	value    Codec[V]
}

// MultimapOf gives a multimap of the codecs' types, as [Tx.Multimap] does.
func MultimapOf[K, V any](tx *Tx, name string, key Codec[K], value Codec[V]) *TypedMultimap[K, V] {
	return TypedPairs(tx.multimap(name, key.Type(), value.Type()), key, value)
}

// TypedPairs puts codecs over a multimap that is open.
func TypedPairs[K, V any](multimap *Multimap, key Codec[K], value Codec[V]) *TypedMultimap[K, V] {
	return &TypedMultimap[K, V]{multimap, key, value}
}

// Multimap is the multimap of bytes behind.
func (m *TypedMultimap[K, V]) Multimap() *Multimap { return m.multimap }

// Get reads all values of key, in order; [ErrNotFound] when there is none.
func (m *TypedMultimap[K, V]) Get(key K) ([]V, error) {
	stored, err := m.key.Append(nil, key)
	if err != nil {
		return nil, err
	}
	found, err := m.multimap.Get(stored)
	if err != nil {
		return nil, err
	}
	values := make([]V, len(found))
	for i, bytes := range found {
		if values[i], err = m.value.Decode(bytes); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Has tells whether value is one of key's.
func (m *TypedMultimap[K, V]) Has(key K, value V) (bool, error) {
	return m.withPair(key, value, m.multimap.Has)
}

// Put adds value to those of key and tells whether it was new.
func (m *TypedMultimap[K, V]) Put(key K, value V) (added bool, err error) {
	return m.withPair(key, value, m.multimap.Put)
}

// Delete takes value from those of key and tells whether it was there.
func (m *TypedMultimap[K, V]) Delete(key K, value V) (deleted bool, err error) {
	return m.withPair(key, value, m.multimap.Delete)
}

// DeleteKey deletes key with all its values and tells whether it had one.
func (m *TypedMultimap[K, V]) DeleteKey(key K) (deleted bool, err error) {
	stored, err := m.key.Append(nil, key)
	if err != nil {
		return false, err
	}
	return m.multimap.DeleteKey(stored)
}

// Count is the number of values of key; 0 when there is none.
func (m *TypedMultimap[K, V]) Count(key K) (uint64, error) {
	stored, err := m.key.Append(nil, key)
	if err != nil {
		return 0, err
	}
	return m.multimap.Count(stored)
}

// AddTo adds a pair to a batch for PutBatch or DeleteBatch of the multimap behind.
func (m *TypedMultimap[K, V]) AddTo(batch *Batch, key K, value V) error {
	return Typed(m.multimap.t, m.key, m.value).AddTo(batch, key, value)
}

// Each calls f with the pairs of a range until f answers an error, which it returns.
func (m *TypedMultimap[K, V]) Each(r Range, f func(key K, value V) error) error {
	return Typed(m.multimap.t, m.key, m.value).Each(r, f)
}

// Between is the range of the keys from lower up to and without upper; nil means no limit.
func (m *TypedMultimap[K, V]) Between(lower, upper *K) (Range, error) {
	return Typed(m.multimap.t, m.key, m.value).Between(lower, upper)
}

func (m *TypedMultimap[K, V]) withPair(key K, value V, call func(key, value []byte) (bool, error)) (bool, error) {
	storedKey, storedValue, err := Typed(m.multimap.t, m.key, m.value).pair(key, value)
	if err != nil {
		return false, err
	}
	return call(storedKey, storedValue)
}
