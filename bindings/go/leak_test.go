package rdb_test

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"rdb.example/rdb"
)

// cycles is how often to repeat: n, or all of them with RDB_LONG set.
func cycles(n, all int) int {
	if os.Getenv("RDB_LONG") != "" {
		return all
	}
	return n
}

// resident is the memory of this process in use, in bytes.
func resident(t *testing.T) int {
	t.Helper()
	for i := 0; i < 3; i++ { // finalisers run behind the first, pools are empty behind the second
		debug.FreeOSMemory()
		time.Sleep(time.Millisecond)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	check(t, err)
	return pages * os.Getpagesize()
}

// steady runs f often and fails when that costs memory: after a first tenth to get warm, less than 64
// bytes a cycle or slack in all.
func steady(t *testing.T, n, slack int, f func(i int)) {
	t.Helper()
	if testing.Short() { // the race detector and sanitizers have memory of their own
		n = n / 20
	}
	for i := 0; i < n/10; i++ {
		f(i)
	}
	before := resident(t)
	for i := 0; i < n; i++ {
		f(i)
	}
	grown := resident(t) - before
	t.Logf("%d cycles, %+d KiB", n, grown/1024)
	if grown > max(64*n, slack) && !testing.Short() {
		t.Errorf("%d cycles cost %d KiB", n, grown/1024)
	}
}

func TestReadingLeaksNothing(t *testing.T) {
	db := memory(t)
	numbered(t, db, 100)
	live, cancel := context.WithCancel(ctx)
	defer cancel()
	steady(t, cycles(30_000, 1_000_000), 4<<20, func(i int) {
		// A context that can end, so that its part is seen too.
		check(t, db.View(live, func(tx *rdb.Tx) error {
			table := tx.Table("t")
			_, err := table.Get(key(i % 100))
			check(t, err)
			_, err = table.Get([]byte("none"))
			checkIs(t, err, rdb.ErrNotFound)
			it := table.Iterate(rdb.Prefix(key(i % 100)))
			defer it.Close()
			equal(t, it.Next(), true)
			checkIs(t, table.Put(nil, nil), rdb.ErrMisuse) // an error with detail
			pin, err := table.Pin(key(i % 100))
			check(t, err)
			return pin.Close()
		}))
	})
}

func TestWritingLeaksNothing(t *testing.T) {
	db := memory(t)
	steady(t, cycles(5_000, 100_000), 4<<20, func(i int) {
		update(t, db, func(tx *rdb.Tx) {
			check(t, tx.Table("t").Put(key(i%10), value(i)))
			_, err := tx.Table("t").GetBatch([][]byte{key(1), key(2)})
			check(t, err)
		})
	})
}

func TestOpeningLeaksNothing(t *testing.T) {
	path := newPath(t)
	check(t, os.Chdir(t.TempDir()))
	steady(t, cycles(300, 10_000), 4<<20, func(i int) {
		db, err := rdb.Open(path)
		check(t, err)
		view(t, db, func(tx *rdb.Tx) { tx.Table("t") })
		_, err = db.Verify(ctx, rdb.VerifyHeader, func(done, total uint64) error { return nil })
		check(t, err)
		check(t, db.Close())
		_, err = rdb.Open("/not/there/at/all")
		checkIs(t, err, rdb.ErrIO)
	})
}

// What is forgotten is released by the collector, in whatever order it likes.
func TestForgottenObjectsAreReleased(t *testing.T) {
	path := newPath(t)
	forget := func() {
		db, err := rdb.Open(path)
		check(t, err)
		numbered(t, db, 100)
		tx, err := db.Begin(ctx, true)
		check(t, err)
		table := tx.Table("t")
		check(t, table.Put(key(1), []byte("never committed")))
		_, err = table.Cursor()
		check(t, err)
		_, err = table.Pin(key(1))
		check(t, err)
		reader, err := db.Begin(ctx, false)
		check(t, err)
		it := reader.Table("t").Iterate(rdb.Range{})
		equal(t, it.Next(), true)
	}
	steady(t, cycles(10, 2_000), 4<<20, func(i int) {
		forget()
		for try := 0; ; try++ { // the file is locked until all is released
			runtime.GC()
			db, err := rdb.Open(path)
			if err == nil {
				view(t, db, func(tx *rdb.Tx) {
					got, err := tx.Table("t").Get(key(1))
					check(t, err)
					equal(t, string(got), "v1")
				})
				check(t, db.Close())
				return
			}
			checkIs(t, err, rdb.ErrAlreadyOpen)
			if try == 1000 {
				t.Fatal("never released")
			}
			time.Sleep(time.Millisecond)
		}
	})
}

func TestForgottenIteratorsAreReleased(t *testing.T) {
	db := memory(t)
	numbered(t, db, 1000)
	tx := begin(t, db, false)
	table := tx.Table("t")
	// Some hundred iterators with their buffers are waiting for the collector at any time.
	steady(t, cycles(60_000, 1_000_000), 16<<20, func(i int) {
		it := table.Iterate(rdb.Range{})
		equal(t, it.Next(), true)
		_, err := table.Cursor()
		check(t, err)
		if i%500 == 0 {
			runtime.GC() // which sees how little Go holds, not what C holds for it
		}
	})
}

// A forgotten write transaction must not shut out the next writer for ever.
func TestAForgottenWriterMakesRoom(t *testing.T) {
	db := memory(t)
	func() {
		_, err := db.Begin(ctx, true)
		check(t, err)
	}()
	done := make(chan error)
	go func() {
		tx, err := db.Begin(ctx, true)
		if err == nil {
			err = tx.Rollback()
		}
		done <- err
	}()
	for {
		runtime.GC()
		select {
		case err := <-done:
			check(t, err)
			return
		case <-time.After(time.Millisecond):
		}
	}
}
