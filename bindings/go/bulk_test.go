package rdb_test

import (
	"errors"
	"fmt"
	"testing"

	"rdb.example/rdb"
)

func filledTx(t *testing.T, records int) (*rdb.Tx, *rdb.Table) {
	t.Helper()
	tx, table := counterTx(t)
	var batch rdb.Batch
	for i := 0; i < records; i++ {
		batch.Put([]byte(fmt.Sprintf("k%05d", i)), []byte("v"))
	}
	_, err := table.PutBatch(&batch)
	check(t, err)
	return tx, table
}

func even(key, _ []byte) (bool, error) { return key[len(key)-1]%2 == 0, nil }

func length(t *testing.T, table *rdb.Table) uint64 {
	t.Helper()
	n, err := table.Len()
	check(t, err)
	return n
}

func TestDrainAndRetain(t *testing.T) {
	tx, table := filledTx(t, 20000)
	n, err := table.Drain(rdb.Range{Lower: []byte("k00100"), Upper: []byte("k19900")})
	check(t, err)
	equal(t, n, 19800)
	n, err = table.Retain(rdb.Range{Upper: []byte("k00100")}, even)
	check(t, err)
	equal(t, n, 50)
	own := errors.New("no")
	_, err = table.Retain(rdb.Range{}, func(_, _ []byte) (bool, error) { return false, own })
	checkIs(t, err, own)
	n, err = table.Retain(rdb.Range{}, func(key, _ []byte) (bool, error) {
		if string(key) == "k00010" {
			return false, rdb.ErrStopped
		}
		_, err := table.Get(key)
		checkIs(t, err, rdb.ErrMisuse)
		checkIs(t, tx.Commit(), rdb.ErrMisuse)
		return false, nil
	})
	check(t, err)
	equal(t, n, 5)
	equal(t, length(t, table), 145)
	check(t, tx.Commit())
}

func TestExtraction(t *testing.T) {
	tx, table := filledTx(t, 1000)
	seen := 0
	check(t, table.Extracted(rdb.Range{}, func(key, _ []byte) bool { odd, _ := even(key, nil); return !odd },
		func(key, value []byte) bool { seen++; return seen < 100 }))
	equal(t, seen, 100)
	equal(t, length(t, table), 900)

	walk, err := table.Extract(rdb.Range{Reverse: true})
	check(t, err)
	equal(t, walk.Next(), true)
	equal(t, string(walk.Key()), "k00999")
	_, err = table.Get([]byte("k00999"))
	checkIs(t, err, rdb.ErrMisuse)
	taken, err := walk.Take()
	check(t, err)
	equal(t, taken, true)
	n, err := walk.Close()
	check(t, err)
	equal(t, n, 1)
	_, err = walk.Close()
	check(t, err)

	walk, err = table.Extract(rdb.Range{})
	check(t, err)
	walk.Next()
	walk.Take()
	check(t, tx.Commit())
	equal(t, walk.Next(), false)
	checkIs(t, walk.Err(), rdb.ErrClosed)
	_, err = walk.Close()
	check(t, err)
}

func TestLookingBeforeChanging(t *testing.T) {
	tx, table := counterTx(t)
	old, err := table.Exchange([]byte("a"), []byte("1"))
	check(t, err)
	equal(t, old == nil, true)
	old, err = table.Exchange([]byte("a"), []byte{})
	check(t, err)
	equal(t, string(old), "1")
	_, err = table.Exchange([]byte("a"), []byte("2"), rdb.InsertOnly)
	checkIs(t, err, rdb.ErrExists)
	old, err = table.Take([]byte("a"))
	check(t, err)
	equal(t, old != nil && len(old) == 0, true)
	_, err = table.Take([]byte("a"))
	checkIs(t, err, rdb.ErrNotFound)
	checkIs(t, table.CompareAndPut([]byte("a"), []byte("x"), []byte("y")), rdb.ErrNotFound)
	check(t, table.CompareAndPut([]byte("a"), nil, []byte("y")))
	checkIs(t, table.CompareAndPut([]byte("a"), nil, []byte("y")), rdb.ErrExists)
	checkIs(t, table.CompareAndPut([]byte("a"), []byte("x"), []byte("y")), rdb.ErrDifferent)
	check(t, table.CompareAndPut([]byte("a"), []byte("y"), nil))

	r, err := table.Reserve([]byte("r"), 3)
	check(t, err)
	copy(r.Bytes(), "abc")
	check(t, r.Store())
	checkIs(t, r.Store(), rdb.ErrClosed)
	r.Free()
	value, err := table.Get([]byte("r"))
	check(t, err)
	equal(t, string(value), "abc")

	c, err := table.Cursor()
	check(t, err)
	defer c.Close()
	equal(t, c.First(), true)
	replaced, err := c.Put([]byte("longer"))
	check(t, err)
	equal(t, replaced, true)
	equal(t, c.Here(), true)
	equal(t, string(c.Value()), "longer")

	other := begin(t, memory(t), true)
	n, err := other.CopyTable(ctx, table, "there")
	check(t, err)
	equal(t, n, 1)
	n, err = tx.CopyTable(ctx, table, "here")
	check(t, err)
	equal(t, n, 1)
}
