package rdb_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"rdb.example/rdb"
)

var ctx = context.Background()

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkIs(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func memory(t testing.TB, options ...rdb.Option) *rdb.DB {
	t.Helper()
	db, err := rdb.OpenMemory(options...)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "test.rdb") }

func file(t testing.TB, path string, options ...rdb.Option) *rdb.DB {
	t.Helper()
	db, err := rdb.Open(path, options...)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

// begin begins a transaction that ends with the test at the latest, before its database is closed.
func begin(t testing.TB, db *rdb.DB, writable bool) *rdb.Tx {
	t.Helper()
	tx, err := db.Begin(ctx, writable)
	check(t, err)
	t.Cleanup(func() { tx.Rollback() })
	return tx
}

func update(t testing.TB, db *rdb.DB, f func(tx *rdb.Tx)) {
	t.Helper()
	check(t, db.Update(ctx, func(tx *rdb.Tx) error { f(tx); return nil }))
}

func view(t testing.TB, db *rdb.DB, f func(tx *rdb.Tx)) {
	t.Helper()
	check(t, db.View(ctx, func(tx *rdb.Tx) error { f(tx); return nil }))
}

func key(i int) []byte   { return []byte(fmt.Sprintf("k%06d", i)) }
func value(i int) []byte { return []byte(fmt.Sprintf("v%d", i)) }

// numbered puts records 0 to n-1 into the table "t".
func numbered(t testing.TB, db *rdb.DB, n int) {
	t.Helper()
	update(t, db, func(tx *rdb.Tx) {
		var batch rdb.Batch
		for i := 0; i < n; i++ {
			batch.Put(key(i), value(i))
		}
		written, err := tx.Table("t").PutBatch(&batch)
		check(t, err)
		equal(t, written, uint64(n))
	})
}

// collect reads a range as "key=value" words.
func collect(t testing.TB, table *rdb.Table, r rdb.Range) (words []string) {
	t.Helper()
	it := table.Iterate(r)
	defer it.Close()
	for it.Next() {
		words = append(words, string(it.Key())+"="+string(it.Value()))
	}
	check(t, it.Err())
	return words
}
