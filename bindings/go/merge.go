package rdb

import (
	"errors"

	"rdb.example/rdb/internal/raw"
)

// MergeOperator is one of the library's ways to make a value of a stored one and an operand. Numbers are
// little-endian. Where the key is absent the operand is stored as it is. Where both have not the same
// length, or one that the operator does not know, the stored value stays.
type MergeOperator uint32

const (
	NumericAdd    MergeOperator = 0 // 1, 2, 4, 8 bytes: sum modulo 2^bits, signed or unsigned
	SaturatingAdd MergeOperator = 1 // 1, 2, 4, 8 bytes: unsigned sum, at most the largest number
	FloatAdd      MergeOperator = 2 // 4, 8 bytes: IEEE 754 sum
	NumericMax    MergeOperator = 3 // 1, 2, 4, 8 bytes: the larger unsigned number
	NumericMin    MergeOperator = 4 // 1, 2, 4, 8 bytes: the smaller unsigned number
	BitwiseOr     MergeOperator = 5 // any length: or of the bits
	BytesAppend   MergeOperator = 6 // any lengths: the stored value, then the operand

	mergeFunction = 7
)

// MergeFunc makes a value of a stored one, nil when the key is absent, and an operand. A nil result
// deletes the key, or leaves it absent. The slices it is given are gone when it returns, and may be
// part of the result. An error leaves the table as it was: [ErrStopped] is what the merge then answers,
// and another one is wrapped by its error. The transaction answers [ErrMisuse] while it runs.
type MergeFunc func(key, existing, operand []byte) (result []byte, err error)

// Merge makes the value of key anew from what is stored and operand. [ErrMergeWidth], and no change, when
// the result has another length than values of the table's type.
func (t *Table) Merge(key, operand []byte, op MergeOperator) error {
	_, err := t.merge(nil, func(handle, fn, ctx, drop int64, d *raw.Detail) int64 {
		raw.Merge(handle, key, operand, int(op), fn, ctx, drop, d)
		return 0
	})
	return err
}

// MergeFunc is Merge with a function of the program's.
func (t *Table) MergeFunc(key, operand []byte, f MergeFunc) error {
	_, err := t.merge(f, func(handle, fn, ctx, drop int64, d *raw.Detail) int64 {
		raw.Merge(handle, key, operand, mergeFunction, fn, ctx, drop, d)
		return 0
	})
	return err
}

// MergeBatch merges the records of a batch, whose values are the operands, in their order. It stops at the
// first error, whose Position is the index of the record: those before it are merged, those behind it are
// not.
func (t *Table) MergeBatch(batch *Batch, op MergeOperator) error {
	if err := t.state.db.block(nil); err != nil {
		return err
	}
	defer t.state.db.unblock()
	_, err := t.merge(nil, func(handle, fn, ctx, drop int64, d *raw.Detail) int64 {
		return raw.MergeBatchPacked(handle, batch.packed, int(op), fn, ctx, drop, d)
	})
	return err
}

// MergeBatchFunc is MergeBatch with a function of the program's, and tells how many records were merged,
// which is fewer than the batch has when the function answered [ErrStopped].
func (t *Table) MergeBatchFunc(batch *Batch, f MergeFunc) (merged uint64, err error) {
	if err := t.state.db.block(nil); err != nil {
		return 0, err
	}
	defer t.state.db.unblock()
	return t.merge(f, func(handle, fn, ctx, drop int64, d *raw.Detail) int64 {
		return raw.MergeBatchPacked(handle, batch.packed, mergeFunction, fn, ctx, drop, d)
	})
}

func (t *Table) merge(f MergeFunc, call func(handle, fn, ctx, drop int64, d *raw.Detail) int64) (uint64, error) {
	c := callback{state: t.state}
	var n int64
	status, err := t.call(func(handle int64, d *raw.Detail) {
		t.version.Add(1)
		if f == nil {
			n = call(handle, 0, 0, 0, d)
			return
		}
		raw.WithMerge(func(key, existing, operand []byte) (result []byte, status int32) {
			status = c.run(func() (err error) {
				result, err = f(key, existing, operand)
				return err
			})
			if status == int32(StatusOK) && result == nil {
				status = int32(StatusNotFound)
			}
			return result, status
		}, func(fn, ctx, drop int64) { n = call(handle, fn, ctx, drop, d) })
	})
	if err := c.outcome(err); err != nil {
		return 0, err
	}
	if status == StatusStopped {
		return uint64(n), ErrStopped
	}
	return uint64(n), nil
}

// callback runs functions of the caller's inside a call of the library. Their error and panic wait here
// until C has returned.
type callback struct {
	state    *txState
	failed   error
	panicked any
}

// run is called from C, so a panic must end here.
func (c *callback) run(f func() error) (status int32) {
	c.state.lent.Store(true)
	defer c.state.lent.Store(false)
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			status = int32(StatusCallback)
		}
	}()
	err := f()
	switch {
	case err == nil:
		return int32(StatusOK)
	case errors.Is(err, ErrStopped):
		return int32(StatusStopped)
	}
	c.failed = err
	var e *Error
	if errors.As(err, &e) && e.Status < 0 {
		return int32(e.Status)
	}
	return int32(StatusCallback)
}

// outcome is the error of a call with what its functions had to say. It panics again where they did.
func (c *callback) outcome(err error) error {
	if c.panicked != nil {
		panic(c.panicked)
	}
	if e, ok := err.(*Error); ok && c.failed != nil {
		e.cause = c.failed
	}
	return err
}

// Merge makes the value of key anew from what is stored and operand: see [Table.Merge].
func (t *TypedTable[K, V]) Merge(key K, operand V, op MergeOperator) error {
	storedKey, storedOperand, err := t.pair(key, operand)
	if err != nil {
		return err
	}
	return t.table.Merge(storedKey, storedOperand, op)
}

// MergeFunc is Merge with a function of the program's: existing is nil when the key is absent, and a nil
// result deletes it. See [MergeFunc] for the rest.
func (t *TypedTable[K, V]) MergeFunc(key K, operand V, f func(key K, existing *V, operand V) (*V, error)) error {
	storedKey, storedOperand, err := t.pair(key, operand)
	if err != nil {
		return err
	}
	return t.table.MergeFunc(storedKey, storedOperand, func(_, stored, _ []byte) ([]byte, error) {
		var existing *V
		if stored != nil {
			value, err := t.value.Decode(stored)
			if err != nil {
				return nil, err
			}
			existing = &value
		}
		fresh, err := f(key, existing, operand)
		if err != nil || fresh == nil {
			return nil, err
		}
		return t.value.Append([]byte{}, *fresh)
	})
}
