//go:build go1.23

package rdb

import "iter"

// All gives the entries of the table in a range loop:
//
//	for key, value := range table.All() {
//		use(key, value)
//	}
//	err := table.Err()
//
// Key and value are valid until the next step of the loop: use [bytes.Clone] to keep them. A loop that
// fails ends early, and Err tells why. For changes to the table during the loop see [Iterator].
func (t *Table) All() iter.Seq2[[]byte, []byte] { return t.Seq(Range{}) }

// Backward is All from the last key to the first.
func (t *Table) Backward() iter.Seq2[[]byte, []byte] { return t.Seq(Range{Reverse: true}) }

// Range is All for the keys from lower up to and without upper; nil means no limit.
func (t *Table) Range(lower, upper []byte) iter.Seq2[[]byte, []byte] {
	return t.Seq(Range{Lower: lower, Upper: upper})
}

// Prefix is All for the keys that begin with prefix.
func (t *Table) Prefix(prefix []byte) iter.Seq2[[]byte, []byte] { return t.Seq(Prefix(prefix)) }

// Seq is All for any range.
func (t *Table) Seq(r Range) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		it := t.iterate(r)
		defer func() {
			t.setErr(it.Err())
			it.Close()
		}()
		for it.Next() {
			if !yield(it.Key(), it.Value()) {
				return
			}
		}
	}
}

// Err is the error that ended the last range loop over this table, nil when it came to its end or was
// left. Loops of several goroutines over one Table overwrite each other's.
func (t *Table) Err() error {
	t.scanMu.Lock()
	defer t.scanMu.Unlock()
	if t.failed != nil {
		return t.failed
	}
	return t.scanErr
}

func (t *Table) setErr(err error) {
	t.scanMu.Lock()
	defer t.scanMu.Unlock()
	t.scanErr = err
}

// loadBytes is how much PutSeq collects for one call of the library.
const loadBytes = 1 << 20

// PutSeq stores all records of a sequence, in batches, and tells how many. It stops at the first error;
// what came before stays stored.
func (t *Table) PutSeq(records iter.Seq2[[]byte, []byte], flags ...PutFlag) (written uint64, err error) {
	var batch Batch
	flush := func() bool {
		var n uint64
		n, err = t.PutBatch(&batch, flags...)
		batch.Reset()
		written += n
		return err == nil
	}
	for key, value := range records {
		if batch.Put(key, value); batch.Bytes() >= loadBytes && !flush() {
			return written, err
		}
	}
	flush()
	return written, err
}

// All gives the entries of a table in a range loop, as [Table.All]; Err of the table behind tells why
// it ended.
func (t *TypedTable[K, V]) All() iter.Seq2[K, V] { return t.Seq(Range{}) }

// Seq is All for any range; see Between.
func (t *TypedTable[K, V]) Seq(r Range) iter.Seq2[K, V] {
	return func(yield func(key K, value V) bool) {
		var err error
		for storedKey, storedValue := range t.table.Seq(r) {
			var key K
			var value V
			if key, value, err = t.decode(storedKey, storedValue, nil); err != nil || !yield(key, value) {
				break
			}
		}
		if err != nil {
			t.table.setErr(err)
		}
	}
}
