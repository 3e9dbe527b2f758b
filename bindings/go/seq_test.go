//go:build go1.23

package rdb_test

import (
	"maps"
	"slices"
	"testing"

	"rdb.example/rdb"
)

func TestRangeLoops(t *testing.T) {
	db := memory(t)
	numbered(t, db, 100)
	view(t, db, func(tx *rdb.Tx) {
		table := tx.Table("t")
		n := 0
		for k, v := range table.All() {
			equal(t, string(k)+string(v), string(key(n))+string(value(n)))
			n++
		}
		check(t, table.Err())
		equal(t, n, 100)
		for k := range table.Backward() {
			n--
			equal(t, string(k), string(key(n)))
		}
		for range table.Range(key(10), key(20)) {
			n++
		}
		equal(t, n, 10)
		for range table.Prefix([]byte("k00009")) {
			n++
		}
		equal(t, n, 20)
		for range table.All() {
			break
		}
		check(t, table.Err())

		for range tx.Table("none").All() {
			t.Error("an entry of a table that is not there")
		}
		checkIs(t, tx.Table("none").Err(), rdb.ErrTableMissing)
	})
}

func TestARangeLoopMayPanicOrEndItsTransaction(t *testing.T) {
	db := memory(t)
	numbered(t, db, 100)
	tx := begin(t, db, false)
	table := tx.Table("t")
	func() {
		defer func() { equal(t, recover(), any("boom")) }()
		for range table.All() {
			panic("boom")
		}
	}()
	for range table.All() {
		check(t, tx.Rollback())
	}
	checkIs(t, table.Err(), rdb.ErrClosed)
	for range table.All() {
		t.Error("an entry behind the end")
	}
	checkIs(t, table.Err(), rdb.ErrClosed)
}

func TestARangeLoopEndsOnChanges(t *testing.T) {
	db := memory(t)
	numbered(t, db, 100)
	tx := begin(t, db, true)
	table := tx.Table("t")
	n := 0
	for k := range table.All() {
		n++
		check(t, table.Put(k, nil))
	}
	equal(t, n, 1)
	checkIs(t, table.Err(), rdb.ErrMisuse)
}

func TestPutSeq(t *testing.T) {
	db := memory(t)
	records := func(yield func(key, value []byte) bool) {
		for i := 0; i < 50_000 && yield(key(i), make([]byte, 100)); i++ {
		}
	}
	tx := begin(t, db, true)
	written, err := tx.Table("t").PutSeq(records)
	check(t, err)
	equal(t, written, 50_000)
	written, err = tx.Table("t").PutSeq(records, rdb.InsertOnly)
	check(t, err)
	equal(t, written, 0)
	check(t, tx.Rollback())
	_, err = tx.Table("t").PutSeq(records)
	checkIs(t, err, rdb.ErrClosed)
}

func TestTypedRangeLoops(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	table := rdb.TableOf(tx, "n", rdb.Int64, rdb.String)
	words := map[int64]string{-2: "minus two", 0: "zero", 300: "many"}
	for n, word := range words {
		check(t, table.Put(n, word))
	}
	equal(t, maps.Equal(maps.Collect(table.All()), words), true)
	var keys []int64
	for k := range table.All() {
		keys = append(keys, k)
	}
	check(t, table.Table().Err())
	equal(t, slices.Equal(keys, []int64{-2, 0, 300}), true)
	zero := int64(0)
	r, err := table.Between(&zero, nil)
	check(t, err)
	equal(t, len(maps.Collect(table.Seq(r))), 2)

	check(t, tx.Table("bytes").Put(make([]byte, 8), []byte("\xff")))
	torn := rdb.Typed(tx.Table("bytes"), rdb.Int64, rdb.String)
	for range torn.All() {
		t.Error("a string that is none")
	}
	checkIs(t, torn.Table().Err(), rdb.ErrCorrupted)
	check(t, tx.Rollback())
	for range table.All() {
		t.Error("an entry behind the end")
	}
	checkIs(t, table.Table().Err(), rdb.ErrClosed)
}
