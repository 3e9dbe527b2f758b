package rdb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rdb.example/rdb"
)

// tags is the multimap of a few pairs that most tests begin with.
func tags(t testing.TB, tx *rdb.Tx) *rdb.TypedMultimap[string, int64] {
	t.Helper()
	m := rdb.MultimapOf(tx, "tags", rdb.String, rdb.Int64)
	for _, pair := range []rdb.Pair[string, int64]{{"b", 2}, {"a", 30}, {"b", -1}, {"c", 7}, {"b", 100}} {
		added, err := m.Put(pair.First, pair.Second)
		check(t, err)
		equal(t, added, true)
	}
	return m
}

// walked is what an iterator of tags gives, as text.
func walked(t testing.TB, it *rdb.Iterator) string {
	t.Helper()
	defer it.Close()
	var words []string
	for it.Next() {
		words = append(words, pairText(t, it.Key(), it.Value()))
	}
	check(t, it.Err())
	return strings.Join(words, " ")
}

func pairText(t testing.TB, key, value []byte) string {
	t.Helper()
	number, err := rdb.Int64.Decode(value)
	check(t, err)
	return fmt.Sprintf("%s%d", key, number)
}

func TestMultimapReads(t *testing.T) {
	update(t, memory(t), func(tx *rdb.Tx) {
		m := tags(t, tx)
		values, err := m.Get("b")
		check(t, err)
		equal(t, slices.Equal(values, []int64{-1, 2, 100}), true)
		_, err = m.Get("x")
		checkIs(t, err, rdb.ErrNotFound)
		for value, want := range map[int64]bool{2: true, 3: false} {
			has, err := m.Has("b", value)
			check(t, err)
			equal(t, has, want)
		}
		count, err := m.Count("b")
		check(t, err)
		equal(t, count, 3)
		count, err = m.Count("x")
		check(t, err)
		equal(t, count, 0)
		pairs, err := m.Multimap().Len()
		check(t, err)
		equal(t, pairs, 5)
		keys, err := m.Multimap().Keys()
		check(t, err)
		equal(t, keys, 3)

		equal(t, walked(t, m.Multimap().Iterate(rdb.Range{})), "a30 b-1 b2 b100 c7")
		equal(t, walked(t, m.Multimap().Iterate(rdb.Range{Lower: []byte("b"), Reverse: true})), "c7 b100 b2 b-1")
		equal(t, walked(t, m.Multimap().Values([]byte("b"), true)), "b100 b2 b-1")
		equal(t, walked(t, m.Multimap().Values([]byte("x"), false)), "")
		upper := "c"
		between, err := m.Between(nil, &upper)
		check(t, err)
		seen := ""
		check(t, m.Each(between, func(key string, value int64) error { seen += fmt.Sprint(key, value, " "); return nil }))
		equal(t, seen, "a30 b-1 b2 b100 ")
	})
}

func TestMultimapChanges(t *testing.T) {
	update(t, memory(t), func(tx *rdb.Tx) {
		m := tags(t, tx)
		added, err := m.Put("b", 2)
		check(t, err)
		equal(t, added, false)
		for _, want := range []bool{true, false} {
			deleted, err := m.Delete("b", 2)
			check(t, err)
			equal(t, deleted, want)
		}
		for _, want := range []bool{true, false} {
			deleted, err := m.DeleteKey("a")
			check(t, err)
			equal(t, deleted, want)
		}
		var batch rdb.Batch
		check(t, m.AddTo(&batch, "b", -1))
		check(t, m.AddTo(&batch, "b", 5))
		check(t, m.AddTo(&batch, "c", 7))
		deleted, err := m.Multimap().DeleteBatch(&batch)
		check(t, err)
		equal(t, deleted, 2)
		equal(t, walked(t, m.Multimap().Iterate(rdb.Range{})), "b100")
		put, err := m.Multimap().PutBatch(&batch)
		check(t, err)
		equal(t, put, 3)
		put, err = m.Multimap().PutBatch(&batch)
		check(t, err)
		equal(t, put, 0)
		keys, err := m.Multimap().Drain(rdb.Range{Upper: []byte("c")})
		check(t, err)
		equal(t, keys, 1)
		gone, err := m.Multimap().DeleteKeys([][]byte{[]byte("c"), []byte("x")})
		check(t, err)
		equal(t, gone, 1)
		left, err := m.Multimap().Len()
		check(t, err)
		equal(t, left, 0)
	})
}

func TestMultimapCursor(t *testing.T) {
	update(t, memory(t), func(tx *rdb.Tx) {
		m := tags(t, tx).Multimap()
		c, err := m.Cursor()
		check(t, err)
		defer c.Close()
		encoded := func(value int64) []byte {
			bytes, err := rdb.Int64.Append(nil, value)
			check(t, err)
			return bytes
		}
		// Each step, and where it leads; "" is nowhere, and the cursor of a value that has no neighbour stays.
		for i, step := range []struct {
			move func() bool
			want string
		}{
			{c.Next, "a30"}, {c.NextValue, ""}, {c.Here, "a30"}, {c.NextKey, "b-1"}, {c.PrevValue, ""},
			{c.LastValue, "b100"}, {c.PrevValue, "b2"}, {c.FirstValue, "b-1"}, {c.NextValue, "b2"},
			{c.NextKey, "c7"}, {c.PrevKey, "b100"},
			{func() bool { return c.SeekPair([]byte("b"), encoded(3)) }, "b100"},
			{func() bool { return c.SeekPair([]byte("b"), encoded(101)) }, "c7"},
			{func() bool { return c.SeekPair([]byte("c"), encoded(8)) }, ""},
			{func() bool { return c.Seek([]byte("b")) }, "b-1"},
			{func() bool { return c.SeekExact([]byte("bb")) }, ""},
			{func() bool { return c.SeekLE([]byte("bb")) }, "b100"},
		} {
			got := ""
			if step.move() {
				got = pairText(t, c.Key(), c.Value())
			}
			check(t, c.Err())
			if got != step.want {
				t.Fatalf("step %d leads to %q, not %q", i, got, step.want)
			}
		}
		count, err := c.Count()
		check(t, err)
		equal(t, count, 3)
		deleted, err := c.Delete()
		check(t, err)
		equal(t, deleted, true)
		equal(t, c.Next(), true)
		equal(t, pairText(t, c.Key(), c.Value()), "c7")
		equal(t, walked(t, m.Iterate(rdb.Range{})), "a30 b-1 b2 c7")
	})
}

func TestValuesOfAKeyAreManyOrFew(t *testing.T) {
	for _, n := range []int{1, 255, 256, 5000} {
		db := memory(t)
		update(t, db, func(tx *rdb.Tx) {
			m := rdb.MultimapOf(tx, "n", rdb.String, rdb.Int64)
			var batch rdb.Batch
			for i := n - 1; i >= 0; i-- {
				check(t, m.AddTo(&batch, "k", int64(i)))
			}
			added, err := m.Multimap().PutBatch(&batch)
			check(t, err)
			equal(t, added, uint64(n))
		})
		view(t, db, func(tx *rdb.Tx) {
			m := rdb.MultimapOf(tx, "n", rdb.String, rdb.Int64)
			values, err := m.Get("k")
			check(t, err)
			equal(t, len(values), n)
			for i, value := range values {
				equal(t, value, int64(i))
			}
			stats, err := m.Multimap().Stats(ctx)
			check(t, err)
			equal(t, stats.Entries, uint64(n))
		})
		update(t, db, func(tx *rdb.Tx) { // and few again
			m := rdb.MultimapOf(tx, "n", rdb.String, rdb.Int64)
			for i := 1; i < n; i++ {
				deleted, err := m.Delete("k", int64(i))
				check(t, err)
				equal(t, deleted, true)
			}
			equal(t, walked(t, m.Multimap().Iterate(rdb.Range{})), "k0")
		})
		report, err := db.Verify(ctx, rdb.VerifyFull, nil)
		check(t, err)
		equal(t, len(report.Problems), 0)
	}
}

func TestTablesAndMultimapsAreNotTakenForEachOther(t *testing.T) {
	db := memory(t)
	update(t, db, func(tx *rdb.Tx) {
		tags(t, tx)
		check(t, tx.Table("t").Put(key(1), value(1)))
	})
	tx := begin(t, db, true)
	_, err := tx.OpenTable("tags", rdb.String.Type(), rdb.Int64.Type())
	checkIs(t, err, rdb.ErrTableIsMultimap)
	_, err = tx.Multimap("t").Len()
	checkIs(t, err, rdb.ErrTableNotMultimap)
	_, err = tx.OpenMultimap("tags", rdb.String.Type(), rdb.String.Type())
	checkIs(t, err, rdb.ErrTableType)
	raw, err := tx.OpenMultimapRaw("tags")
	check(t, err)
	equal(t, walked(t, raw.Iterate(rdb.Range{})), "a30 b-1 b2 b100 c7")
	_, err = raw.Put([]byte("a"), []byte("short"))
	checkIs(t, err, rdb.ErrInvalidArgument)
}

func TestMultimapAfterTheEndAndInReaders(t *testing.T) {
	db := memory(t)
	var old *rdb.TypedMultimap[string, int64]
	update(t, db, func(tx *rdb.Tx) { old = tags(t, tx) })
	_, err := old.Get("b")
	checkIs(t, err, rdb.ErrClosed)
	_, err = old.Put("b", 1)
	checkIs(t, err, rdb.ErrClosed)
	_, err = old.Multimap().Cursor()
	checkIs(t, err, rdb.ErrClosed)
	view(t, db, func(tx *rdb.Tx) {
		m := rdb.MultimapOf(tx, "tags", rdb.String, rdb.Int64)
		_, err := m.Put("b", 1)
		checkIs(t, err, rdb.ErrMisuse)
		_, err = m.Multimap().Drain(rdb.Range{})
		checkIs(t, err, rdb.ErrMisuse)
		_, err = rdb.MultimapOf(tx, "none", rdb.String, rdb.Int64).Get("a")
		checkIs(t, err, rdb.ErrTableMissing)
	})
}
