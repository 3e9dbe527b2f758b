package rdb

import (
	"encoding/binary"
	"math"

	"rdb.example/rdb/internal/raw"
)

// Batch collects records for [Table.PutBatch], which stores them with one call of the library. The zero
// value is an empty batch. It belongs to one goroutine at a time, and to no transaction: one batch that is
// reset and filled again is faster than a new one for each, whose memory would have to be touched first.
type Batch struct {
	packed  []byte
	count   int
	refused bool // a record too large to be packed came next
}

const firstBatchBytes = 4 << 10

// largestItem is what the packed form can say of a key or a value. The library's own limit is lower.
var largestItem uint64 = math.MaxUint32

// Put adds a record, by copying it. Records are stored in the order they were added. One of 4 GiB or
// more ends the batch: PutBatch stores those before it and then answers [ErrTooLarge].
func (b *Batch) Put(key, value []byte) {
	if b.refused || uint64(len(key)) > largestItem || uint64(len(value)) > largestItem {
		b.refused = true
		return
	}
	size := (8 + len(key) + len(value) + 3) &^ 3
	at := len(b.packed)
	if size > cap(b.packed)-at {
		b.grow(size)
	}
	b.packed = b.packed[:at+size]
	record := b.packed[at:]
	record[size-3], record[size-2], record[size-1] = 0, 0, 0 // where the padding may be
	binary.LittleEndian.PutUint32(record, uint32(len(key)))
	binary.LittleEndian.PutUint32(record[4:], uint32(len(value)))
	copy(record[8:], key)
	copy(record[8+len(key):], value)
	b.count++
}

// grow makes room for more bytes. Always twice as much: append would copy large memory more often.
func (b *Batch) grow(more int) {
	grown := make([]byte, len(b.packed), max(len(b.packed)+more, 2*cap(b.packed), firstBatchBytes))
	copy(grown, b.packed)
	b.packed = grown
}

func pad(packed []byte) []byte {
	for len(packed)%4 != 0 {
		packed = append(packed, 0)
	}
	return packed
}

// Len is the number of records.
func (b *Batch) Len() int { return b.count }

// Bytes is the memory the records take.
func (b *Batch) Bytes() int { return len(b.packed) }

// Reset empties the batch and keeps its memory for the next records.
func (b *Batch) Reset() { b.packed, b.count, b.refused = b.packed[:0], 0, false }

// PutBatch stores the records of a batch, which stays as it is, and tells how many were stored: flags
// are as in Put, and a record that they forbid is passed over. It stops at the first error, whose
// Position is the index of the record; what came before it stays stored.
func (t *Table) PutBatch(batch *Batch, flags ...PutFlag) (written uint64, err error) {
	written, err = t.change(func(handle int64, d *raw.Detail) int64 {
		return raw.PutBatchPacked(handle, batch.packed, int64(flagsOf(flags)), d)
	})
	if err == nil && batch.refused {
		err = itemTooLarge(batch.count)
	}
	return written, err
}

func itemTooLarge(index int) error {
	return &Error{Status: StatusTooLarge, Position: uint64(index), Msg: "a key or value has 4 GiB or more"}
}

// DeleteBatch deletes keys and tells how many were there. It stops at the first error, whose Position
// is the index of the key.
func (t *Table) DeleteBatch(keys [][]byte) (deleted uint64, err error) {
	packed, err := packKeys(keys)
	if err != nil {
		return 0, err
	}
	return t.change(func(handle int64, d *raw.Detail) int64 {
		return raw.DeleteBatchPacked(handle, packed, d)
	})
}

func (t *Table) change(call func(handle int64, d *raw.Detail) int64) (count uint64, err error) {
	if err := t.state.db.block(nil); err != nil {
		return 0, err
	}
	defer t.state.db.unblock()
	var n int64
	_, err = t.call(func(handle int64, d *raw.Detail) {
		n = call(handle, d)
		t.version.Add(1)
	})
	if err != nil {
		return 0, err
	}
	return uint64(n), nil
}

func packKeys(keys [][]byte) ([]byte, error) {
	size := 0
	for i, key := range keys {
		if uint64(len(key)) > largestItem {
			return nil, itemTooLarge(i)
		}
		size += 4 + (len(key)+3)&^3
	}
	packed := make([]byte, 0, size)
	for _, key := range keys {
		packed = binary.LittleEndian.AppendUint32(packed, uint32(len(key)))
		packed = pad(append(packed, key...))
	}
	return packed, nil
}

const absent = ^uint32(0) // size of a packed answer that says "not found"

// GetBatch reads the values of many keys in one call, in their order; nil where there is none. The
// values share one piece of memory.
func (t *Table) GetBatch(keys [][]byte) ([][]byte, error) {
	if err := t.state.db.block(nil); err != nil {
		return nil, err
	}
	defer t.state.db.unblock()
	packed, err := packKeys(keys)
	if err != nil {
		return nil, err
	}
	var answers []byte
	_, err = t.call(func(handle int64, d *raw.Detail) {
		result := raw.ResultCreate(d)
		if result == 0 {
			return
		}
		defer raw.ResultFree(result)
		if raw.GetBatchPacked(handle, packed, result, d); d.Status < 0 {
			return
		}
		size := raw.ResultPack(result, nil, d)
		if d.Status == int32(StatusMore) {
			answers = make([]byte, size)
			raw.ResultPack(result, answers, d)
		}
	})
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i := range values {
		size := binary.LittleEndian.Uint32(answers)
		answers = answers[4:]
		if size == absent {
			continue
		}
		values[i] = answers[:size:size]
		answers = answers[(size+3)&^3:]
	}
	return values, nil
}
