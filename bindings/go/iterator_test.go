package rdb_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"rdb.example/rdb"
)

func TestRanges(t *testing.T) {
	db := memory(t)
	update(t, db, func(tx *rdb.Tx) {
		for _, k := range []string{"", "a", "aa", "ab", "b", "b\xff", "b\xff\xff", "c", "\xff", "\xff\xff"} {
			check(t, tx.Table("t").Put([]byte(k), []byte("!")))
		}
	})
	b := func(s string) []byte { return []byte(s) }
	cases := []struct {
		r    rdb.Range
		want string
	}{
		{rdb.Range{}, `["" "a" "aa" "ab" "b" "b\xff" "b\xff\xff" "c" "\xff" "\xff\xff"]`},
		{rdb.Range{Lower: b("aa"), Upper: b("b")}, `["aa" "ab"]`},
		{rdb.Range{Lower: b("aa"), Upper: b("b"), ExcludeLower: true, IncludeUpper: true}, `["ab" "b"]`},
		{rdb.Range{Lower: b("aa"), Upper: b("b"), Reverse: true}, `["ab" "aa"]`},
		{rdb.Range{Upper: b("aa"), Reverse: true}, `["a" ""]`},
		{rdb.Range{Upper: []byte{}}, `[]`},
		{rdb.Range{Lower: []byte{}, ExcludeLower: true, Upper: b("ab")}, `["a" "aa"]`},
		{rdb.Range{Lower: b("x"), Upper: b("a")}, `[]`},
		{rdb.Prefix(b("a")), `["a" "aa" "ab"]`},
		{rdb.Prefix(b("b\xff")), `["b\xff" "b\xff\xff"]`},
		{rdb.Prefix(b("\xff")), `["\xff" "\xff\xff"]`},
		{rdb.Prefix(nil), `["" "a" "aa" "ab" "b" "b\xff" "b\xff\xff" "c" "\xff" "\xff\xff"]`},
		{rdb.Prefix(b("zz")), `[]`},
	}
	view(t, db, func(tx *rdb.Tx) {
		for _, c := range cases {
			var keys []string
			it := tx.Table("t").Iterate(c.r)
			for it.Next() {
				keys = append(keys, string(it.Key()))
				equal(t, string(it.Value()), "!")
			}
			check(t, it.Err())
			if got := fmt.Sprintf("%q", keys); got != c.want {
				t.Errorf("%+v: %s, want %s", c.r, got, c.want)
			}
		}
	})
}

// Records of every size, so that batches end in every way, and both directions must agree.
func TestLongIterationsCrossManyBatches(t *testing.T) {
	db := memory(t)
	want := []string{}
	update(t, db, func(tx *rdb.Tx) {
		for i := 0; i < 3000; i++ {
			v := bytes.Repeat([]byte{byte(i)}, i%700)
			if i%500 == 250 {
				v = bytes.Repeat([]byte{byte(i)}, 100_000) // more than a buffer holds
			}
			check(t, tx.Table("t").Put(key(i), v))
			want = append(want, string(key(i))+"="+string(v))
		}
	})
	view(t, db, func(tx *rdb.Tx) {
		equal(t, slices.Equal(collect(t, tx.Table("t"), rdb.Range{}), want), true)
		slices.Reverse(want)
		equal(t, slices.Equal(collect(t, tx.Table("t"), rdb.Range{Reverse: true}), want), true)
	})
}

func TestIterationEndsOnAChangeOfTheTable(t *testing.T) {
	db := memory(t)
	numbered(t, db, 100)
	tx := begin(t, db, true)
	table := tx.Table("t")
	changes := map[string]func(){
		"put":    func() { check(t, table.Put(key(7), nil)) },
		"delete": func() { table.Delete(key(7)) },
		"batch":  func() { var b rdb.Batch; b.Put(key(7), nil); table.PutBatch(&b) },
		"pop":    func() { table.PopFirst() },
		"cursor": func() {
			c, err := table.Cursor()
			check(t, err)
			defer c.Close()
			equal(t, c.First(), true)
			c.Delete()
		},
	}
	for name, change := range changes {
		it := table.Iterate(rdb.Range{})
		equal(t, it.Next(), true)
		change()
		if it.Next() {
			t.Errorf("%s: the iteration went on", name)
		}
		checkIs(t, it.Err(), rdb.ErrMisuse)
		equal(t, it.Next(), false)
		checkIs(t, it.Err(), rdb.ErrMisuse)
	}
	check(t, tx.Table("other").Put(key(1), nil)) // another table is no concern of this one
	it := table.Iterate(rdb.Range{})
	equal(t, it.Next(), true)
	check(t, tx.Table("other").Put(key(1), nil))
	equal(t, it.Next(), true)
	check(t, it.Close())
	check(t, it.Close())
	equal(t, it.Next(), false)
	check(t, it.Err())
}

func TestIterationEndsWithItsContext(t *testing.T) {
	db := memory(t)
	numbered(t, db, 10000)
	live, cancel := context.WithCancel(ctx)
	err := db.View(live, func(tx *rdb.Tx) error {
		it := tx.Table("t").Iterate(rdb.Range{})
		defer it.Close()
		n := 0
		for it.Next() {
			if n++; n == 100 {
				cancel()
			}
		}
		if n < 100 || n == 10000 {
			t.Errorf("%d records", n)
		}
		return it.Err()
	})
	checkIs(t, err, context.Canceled)
}

func TestIterationEndsWithItsTransaction(t *testing.T) {
	db := memory(t)
	numbered(t, db, 10000)
	tx := begin(t, db, false)
	it := tx.Table("t").Iterate(rdb.Range{})
	equal(t, it.Next(), true)
	check(t, tx.Rollback())
	for it.Next() { // what was fetched is still there
	}
	checkIs(t, it.Err(), rdb.ErrClosed)
	it = tx.Table("t").Iterate(rdb.Range{})
	equal(t, it.Next(), false)
	checkIs(t, it.Err(), rdb.ErrClosed)
}

func TestIterationOfAMissingTable(t *testing.T) {
	db := memory(t)
	view(t, db, func(tx *rdb.Tx) {
		it := tx.Table("none").Iterate(rdb.Range{})
		equal(t, it.Next(), false)
		checkIs(t, it.Err(), rdb.ErrTableMissing)
		check(t, it.Close())
	})
}

func TestCursorsMoveInAllWays(t *testing.T) {
	db := memory(t)
	numbered(t, db, 10)
	tx := begin(t, db, true)
	check(t, tx.Table("t").Put(key(5), bytes.Repeat([]byte("5"), 10_000))) // more than its first room
	c, err := tx.Table("t").Cursor()
	check(t, err)
	at := func(moved bool, i int) {
		t.Helper()
		check(t, c.Err())
		if !moved || !bytes.Equal(c.Key(), key(i)) {
			t.Fatalf("%v at %q, want %q", moved, c.Key(), key(i))
		}
	}
	nowhere := func(moved bool) {
		t.Helper()
		check(t, c.Err())
		if moved || c.Key() != nil || c.Value() != nil {
			t.Fatalf("at %q", c.Key())
		}
	}
	nowhere(c.Here())
	at(c.Next(), 0)
	nowhere(c.Prev())
	at(c.Last(), 9)
	nowhere(c.Next())
	at(c.Prev(), 9)
	at(c.First(), 0)
	at(c.Seek([]byte("k000003x")), 4)
	at(c.SeekLE([]byte("k000003x")), 3)
	at(c.SeekExact(key(5)), 5)
	equal(t, len(c.Value()), 10_000)
	at(c.Here(), 5)
	nowhere(c.SeekExact([]byte("k000006x")))
	at(c.Here(), 7)
	nowhere(c.Seek([]byte("x")))
	nowhere(c.SeekLE([]byte("a")))

	check(t, c.SetRange(rdb.Range{Lower: key(2), Upper: key(4), IncludeUpper: true}))
	at(c.Prev(), 4)
	at(c.First(), 2)
	deleted, err := c.Delete()
	check(t, err)
	equal(t, deleted, true)
	nowhere(c.Here())
	deleted, err = c.Delete()
	check(t, err)
	equal(t, deleted, false)
	at(c.Next(), 3)

	check(t, tx.Table("t").Put(key(20), nil))
	equal(t, c.Next(), false)
	checkIs(t, c.Err(), rdb.ErrMisuse)
	at(c.First(), 3)

	check(t, c.Close())
	check(t, c.Close())
	equal(t, c.First(), false)
	checkIs(t, c.Err(), rdb.ErrClosed)
	checkIs(t, c.SetRange(rdb.Range{}), rdb.ErrClosed)
	_, err = c.Delete()
	checkIs(t, err, rdb.ErrClosed)
}
