package rdb_test

import (
	"errors"
	"testing"

	"rdb.example/rdb"
)

// A size that the packed form would cut off ends the batch instead.
func TestBatchRefusesItemsTooLargeToPack(t *testing.T) {
	defer rdb.LowerLargestItem(10)()
	db := memory(t)
	check(t, db.Update(ctx, func(tx *rdb.Tx) error {
		table := tx.Table("t")
		var batch rdb.Batch
		batch.Put([]byte("a"), []byte("1"))
		batch.Put([]byte("b"), make([]byte, 11))
		batch.Put([]byte("c"), []byte("3"))
		written, err := table.PutBatch(&batch)
		checkIs(t, err, rdb.ErrTooLarge)
		equal(t, written, uint64(1))
		var failure *rdb.Error
		equal(t, errors.As(err, &failure) && failure.Position == 1, true)

		batch.Reset()
		batch.Put([]byte("c"), []byte("3"))
		written, err = table.PutBatch(&batch)
		check(t, err)
		equal(t, written, uint64(1))

		keys := [][]byte{[]byte("a"), make([]byte, 11)}
		_, err = table.GetBatch(keys)
		checkIs(t, err, rdb.ErrTooLarge)
		_, err = table.DeleteBatch(keys)
		checkIs(t, err, rdb.ErrTooLarge)
		found, err := table.Contains([]byte("a"))
		check(t, err)
		equal(t, found, true)
		return nil
	}))
}
