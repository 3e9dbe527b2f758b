package rdb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rdb.example/rdb"
)

func TestUpdateCommitsOrTakesBack(t *testing.T) {
	db := memory(t)
	put := func(tx *rdb.Tx) error { return tx.Table("t").Put([]byte("k"), []byte("v")) }
	there := func() (found bool) {
		view(t, db, func(tx *rdb.Tx) {
			found, _ = tx.Table("t").Contains([]byte("k"))
		})
		return found
	}
	mine := errors.New("mine")
	checkIs(t, db.Update(ctx, func(tx *rdb.Tx) error { check(t, put(tx)); return mine }), mine)
	equal(t, there(), false)

	func() {
		defer func() { equal(t, recover(), any("boom")) }()
		db.Update(ctx, func(tx *rdb.Tx) error { check(t, put(tx)); panic("boom") })
	}()
	equal(t, there(), false)

	live, cancel := context.WithCancel(ctx)
	checkIs(t, db.Update(live, func(tx *rdb.Tx) error { cancel(); return put(tx) }), context.Canceled)
	equal(t, there(), false)

	check(t, db.Update(ctx, put))
	equal(t, there(), true)
}

func TestRollbackAfterTheEndDoesNothing(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	check(t, tx.Table("t").Put([]byte("k"), []byte("v")))
	check(t, tx.Commit())
	check(t, tx.Rollback())
	check(t, tx.Rollback())
	checkIs(t, tx.Commit(), rdb.ErrClosed)
	view(t, db, func(tx *rdb.Tx) {
		_, err := tx.Table("t").Get([]byte("k"))
		check(t, err)
	})
}

func TestAReaderSeesItsSnapshot(t *testing.T) {
	db := memory(t)
	numbered(t, db, 1)
	reader := begin(t, db, false)
	numbered(t, db, 2)
	n, err := reader.Table("t").Len()
	check(t, err)
	equal(t, n, 1)
	checkIs(t, reader.Table("t").Put([]byte("k"), nil), rdb.ErrMisuse)
	checkIs(t, reader.Commit(), rdb.ErrMisuse)
	checkIs(t, reader.Commit(), rdb.ErrClosed)
}

func TestWaitingForAWriter(t *testing.T) {
	db := memory(t)
	writer := begin(t, db, true)
	_, err := db.Begin(ctx, true, rdb.WithLockTimeout(0))
	checkIs(t, err, rdb.ErrLockTimeout)
	_, err = db.Begin(ctx, true, rdb.WithLockTimeout(time.Millisecond))
	checkIs(t, err, rdb.ErrLockTimeout)

	soon, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err = db.Begin(soon, true)
	checkIs(t, err, context.DeadlineExceeded)
	checkIs(t, err, rdb.ErrCancelled)
	_, err = db.Begin(soon, false)
	checkIs(t, err, context.DeadlineExceeded)

	began := make(chan *rdb.Tx)
	go func() {
		tx, err := db.Begin(ctx, true)
		if err != nil {
			t.Error(err)
		}
		began <- tx
	}()
	check(t, writer.Rollback())
	check(t, (<-began).Rollback())
}

func TestATransactionMayWanderBetweenGoroutines(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	for i := 0; i < 50; i++ {
		done := make(chan error)
		go func() { done <- tx.Table("t").Put(key(i), value(i)) }()
		check(t, <-done)
	}
	done := make(chan error)
	go func() { done <- tx.Commit() }()
	check(t, <-done)
	view(t, db, func(tx *rdb.Tx) { equal(t, len(collect(t, tx.Table("t"), rdb.Range{})), 50) })
}

func TestManyGoroutinesWriteAndRead(t *testing.T) {
	db := memory(t, rdb.WithBlockingLimit(1))
	update(t, db, func(tx *rdb.Tx) { check(t, tx.Table("t").Put(key(0), value(0))) })
	var group sync.WaitGroup
	for g := 0; g < 8; g++ {
		g := g
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 50; i++ {
				n := g*50 + i
				if err := db.Update(ctx, func(tx *rdb.Tx) error { return tx.Table("t").Put(key(n), value(n)) }); err != nil {
					t.Error(err)
				}
				err := db.View(ctx, func(tx *rdb.Tx) error {
					table := tx.Table("t")
					for it := table.Iterate(rdb.Range{}); it.Next(); {
					}
					_, err := table.Stats(ctx)
					if err == nil {
						_, err = table.Get(key(n))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	group.Wait()
	view(t, db, func(tx *rdb.Tx) { equal(t, len(collect(t, tx.Table("t"), rdb.Range{})), 400) })
}

func TestOneTransactionServesManyGoroutines(t *testing.T) {
	db := memory(t)
	numbered(t, db, 1000)
	for _, writable := range []bool{false, true} {
		tx := begin(t, db, writable)
		table := tx.Table("t")
		var group sync.WaitGroup
		for g := 0; g < 8; g++ {
			g := g
			group.Add(1)
			go func() {
				defer group.Done()
				for i := 0; i < 200; i++ {
					if got, err := table.Get(key(i)); err != nil || string(got) != string(value(i)) {
						t.Error(string(got), err)
					}
					if tx.Table("t") != table {
						t.Error("another table")
					}
					if writable {
						if err := table.Put(key(10000+g*1000+i), nil); err != nil {
							t.Error(err)
						}
					}
				}
			}()
		}
		group.Wait()
		check(t, tx.Rollback())
	}
}

func TestDurabilityAndItsKin(t *testing.T) {
	path := newPath(t)
	db := file(t, path)
	check(t, db.Update(ctx, func(tx *rdb.Tx) error { return tx.Table("t").Put(key(1), nil) },
		rdb.WithDurability(rdb.None)))
	stats, err := db.Stats()
	check(t, err)
	if stats.DurableTxnID >= stats.LastTxnID {
		t.Fatalf("%+v", stats)
	}
	check(t, db.Update(ctx, func(tx *rdb.Tx) error { return tx.Table("t").Put(key(2), nil) },
		rdb.WithTwoPhase(), rdb.WithQuickRepair()))
	update(t, db, func(tx *rdb.Tx) {
		check(t, tx.SetDurability(rdb.None))
		check(t, tx.SetTwoPhase(true))
		check(t, tx.SetQuickRepair(false))
		checkIs(t, tx.SetDurability(99), rdb.ErrInvalidArgument)
		equal(t, tx.Writable(), true)
	})
	view(t, db, func(tx *rdb.Tx) {
		checkIs(t, tx.SetTwoPhase(true), rdb.ErrMisuse)
		checkIs(t, tx.SetQuickRepair(true), rdb.ErrMisuse)
	})
}

func TestTablesAreListedRenamedAndDeleted(t *testing.T) {
	db := memory(t)
	update(t, db, func(tx *rdb.Tx) {
		check(t, tx.Table("b").Put(key(1), value(1)))
		check(t, rdb.TableOf(tx, "a", rdb.Uint64, rdb.String).Put(7, "seven"))
		checkIs(t, tx.RenameTable("b", "c"), rdb.ErrTableOpen)
		check(t, tx.Table("b").Close())
		check(t, tx.RenameTable("b", "c"))
		checkIs(t, tx.RenameTable("b", "d"), rdb.ErrTableMissing)
		checkIs(t, tx.RenameTable("c", "a"), rdb.ErrTableExists)

		_, err := tx.OpenTable("a", rdb.Type{}, rdb.Type{})
		checkIs(t, err, rdb.ErrTableOpen)
		checkIs(t, tx.Table("a").Put(nil, nil), rdb.ErrTableOpen)
		_, err = tx.OpenTable("x", rdb.Type{Name: "u64"}, rdb.Type{})
		checkIs(t, err, rdb.ErrInvalidArgument)
		_, err = tx.DeleteTable("a")
		checkIs(t, err, rdb.ErrTableOpen)
		deleted, err := tx.DeleteTable("no such")
		check(t, err)
		equal(t, deleted, false)
	})
	view(t, db, func(tx *rdb.Tx) {
		infos, err := tx.Tables()
		check(t, err)
		equal(t, len(infos), 2)
		want := rdb.TableInfo{Name: "a", Key: rdb.Builtin("u64"), Value: rdb.Builtin("&str"), Entries: 1,
			Kind: rdb.TableNormal, KeyWidth: 8, ValueWidth: rdb.VariableWidth, KeyOrderKnown: true}
		equal(t, infos[0], want)
		info, err := tx.FindTable("a")
		check(t, err)
		equal(t, info, want)
		table, err := tx.OpenTableRaw("a")
		check(t, err)
		info, err = table.Info()
		check(t, err)
		equal(t, info, want)
		_, err = tx.FindTable("b")
		checkIs(t, err, rdb.ErrNotFound)
		_, err = tx.OpenTableRaw("b")
		checkIs(t, err, rdb.ErrTableMissing)
		_, err = tx.Table("b").Get(key(1))
		checkIs(t, err, rdb.ErrTableMissing)
		_, err = tx.Table("a").Get(key(1))
		checkIs(t, err, rdb.ErrTableType)
		checkIs(t, tx.Table("a").Close(), nil)
		_, err = tx.Table("a\xff").Get(key(1))
		checkIs(t, err, rdb.ErrInvalidArgument)
	})
	update(t, db, func(tx *rdb.Tx) {
		deleted, err := tx.DeleteTable("c")
		check(t, err)
		equal(t, deleted, true)
	})
}

func TestTableStats(t *testing.T) {
	db := memory(t)
	numbered(t, db, 5000)
	view(t, db, func(tx *rdb.Tx) {
		stats, err := tx.Table("t").Stats(ctx)
		check(t, err)
		if stats.Entries != 5000 || stats.LeafPages < 10 || stats.TreeHeight < 2 || stats.StoredLeafBytes < 50000 {
			t.Fatalf("%+v", stats)
		}
		done, cancel := context.WithCancel(ctx)
		cancel()
		_, err = tx.Table("t").Stats(done)
		checkIs(t, err, context.Canceled)
	})
}
