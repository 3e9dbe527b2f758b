package rdb_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"rdb.example/rdb"
)

// Every call on a closed object, by name; each must answer ErrClosed.
func callsOn(db *rdb.DB, tx *rdb.Tx, table *rdb.Table) map[string]func() error {
	k := []byte("k")
	var batch rdb.Batch
	batch.Put(k, k)
	calls := map[string]func() error{}
	if db != nil {
		calls["Begin read"] = func() error { _, err := db.Begin(ctx, false); return err }
		calls["Begin write"] = func() error { _, err := db.Begin(ctx, true); return err }
		calls["View"] = func() error { return db.View(ctx, func(*rdb.Tx) error { return nil }) }
		calls["Update"] = func() error { return db.Update(ctx, func(*rdb.Tx) error { return nil }) }
		calls["Verify"] = func() error { _, err := db.Verify(ctx, rdb.VerifyHeader, nil); return err }
		calls["Stats"] = func() error { _, err := db.Stats(); return err }
		calls["Recovery"] = func() error { _, err := db.Recovery(); return err }
	}
	if tx != nil {
		calls["Commit"] = func() error { return tx.Commit() }
		calls["ID"] = func() error { _, err := tx.ID(); return err }
		calls["SetDurability"] = func() error { return tx.SetDurability(rdb.None) }
		calls["SetTwoPhase"] = func() error { return tx.SetTwoPhase(true) }
		calls["SetQuickRepair"] = func() error { return tx.SetQuickRepair(true) }
		calls["Tables"] = func() error { _, err := tx.Tables(); return err }
		calls["FindTable"] = func() error { _, err := tx.FindTable("t"); return err }
		calls["RenameTable"] = func() error { return tx.RenameTable("t", "u") }
		calls["DeleteTable"] = func() error { _, err := tx.DeleteTable("t"); return err }
		calls["OpenTable"] = func() error { _, err := tx.OpenTable("t", rdb.Type{}, rdb.Type{}); return err }
		calls["OpenTableRaw"] = func() error { _, err := tx.OpenTableRaw("t"); return err }
		calls["Table"] = func() error { _, err := tx.Table("t").Get(k); return err }
	}
	if table != nil {
		calls["Get"] = func() error { _, err := table.Get(k); return err }
		calls["GetInto"] = func() error { _, err := table.GetInto(k, nil); return err }
		calls["Contains"] = func() error { _, err := table.Contains(k); return err }
		calls["Put"] = func() error { return table.Put(k, k) }
		calls["Delete"] = func() error { _, err := table.Delete(k); return err }
		calls["PopFirst"] = func() error { _, _, err := table.PopFirst(); return err }
		calls["PopLast"] = func() error { _, _, err := table.PopLast(); return err }
		calls["Len"] = func() error { _, err := table.Len(); return err }
		calls["Info"] = func() error { _, err := table.Info(); return err }
		calls["table Stats"] = func() error { _, err := table.Stats(ctx); return err }
		calls["Pin"] = func() error { _, err := table.Pin(k); return err }
		calls["PutBatch"] = func() error { _, err := table.PutBatch(&batch); return err }
		calls["DeleteBatch"] = func() error { _, err := table.DeleteBatch([][]byte{k}); return err }
		calls["GetBatch"] = func() error { _, err := table.GetBatch([][]byte{k}); return err }
		calls["Cursor"] = func() error { _, err := table.Cursor(); return err }
		calls["Iterate"] = func() error { it := table.Iterate(rdb.Range{}); it.Next(); return it.Err() }
	}
	return calls
}

func expectClosed(t *testing.T, calls map[string]func() error) {
	t.Helper()
	for name, call := range calls {
		err := call()
		if !errors.Is(err, rdb.ErrClosed) || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUseAfterClose(t *testing.T) {
	for _, end := range []func(tx *rdb.Tx) error{(*rdb.Tx).Commit, (*rdb.Tx).Rollback} {
		db, err := rdb.OpenMemory()
		check(t, err)
		tx := begin(t, db, true)
		table := tx.Table("t")
		check(t, table.Put([]byte("k"), nil))
		cursor, err := table.Cursor()
		check(t, err)
		other, err := tx.OpenTable("u", rdb.Type{}, rdb.Type{})
		check(t, err)
		check(t, other.Close())
		check(t, other.Close())
		expectClosed(t, callsOn(nil, nil, other))

		check(t, end(tx))
		expectClosed(t, callsOn(nil, tx, table))
		equal(t, cursor.First(), false)
		checkIs(t, cursor.Err(), rdb.ErrClosed)
		check(t, table.Close())
		check(t, cursor.Close())
		check(t, db.Close())
		expectClosed(t, callsOn(db, tx, table))
	}
}

func TestATableIsOpenedAnewAfterClose(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	check(t, tx.Table("t").Put([]byte("k"), nil))
	check(t, tx.Table("t").Close())
	_, err := tx.Table("t").Get([]byte("k"))
	check(t, err)
}

func TestConcurrentClose(t *testing.T) {
	for round := 0; round < 50; round++ {
		db, err := rdb.OpenMemory()
		check(t, err)
		numbered(t, db, 100)
		tx, err := db.Begin(ctx, round%2 == 0)
		check(t, err)
		table := tx.Table("t")
		pin, err := table.Pin(key(1))
		check(t, err)
		var group sync.WaitGroup
		run := func(f func()) {
			group.Add(1)
			go func() { defer group.Done(); f() }()
		}
		allowed := func(err error, others ...error) {
			for _, other := range append(others, rdb.ErrClosed) {
				if err == nil || errors.Is(err, other) {
					return
				}
			}
			t.Error(err)
		}
		for g := 0; g < 4; g++ {
			run(func() {
				for i := 0; i < 20; i++ {
					_, err := table.Get(key(i))
					allowed(err)
					it := table.Iterate(rdb.Range{})
					for it.Next() {
					}
					allowed(it.Err())
					_, err = db.Stats()
					allowed(err)
					pin.Bytes()
				}
			})
			run(func() { runtime.Gosched(); allowed(tx.Rollback()) })
			run(func() { allowed(db.Close(), rdb.ErrBusy) })
			run(func() { allowed(table.Close()) })
			run(func() { allowed(pin.Close()) })
		}
		group.Wait()
		check(t, db.Close())
	}
}

func TestACancelledContextBeginsNothing(t *testing.T) {
	db := memory(t)
	done, cancel := context.WithCancel(ctx)
	cancel()
	called := func(*rdb.Tx) error { t.Error("called"); return nil }
	checkIs(t, db.View(done, called), context.Canceled)
	checkIs(t, db.Update(done, called), context.Canceled)
}

// The sentinels, statuses and other constants are written twice: here and in rdb.h.
func TestConstantsAgreeWithTheHeader(t *testing.T) {
	header, err := os.ReadFile("../../capi/include/rdb.h")
	if err != nil {
		t.Skip("the module is on its own: ", err)
	}
	want := map[string]int64{}
	for _, m := range regexp.MustCompile(`(?m)^#define RDB_(\w+) \(?(?:UINT64_C\()?(-?\d+)u?\)?`).FindAllStringSubmatch(string(header), -1) {
		want[m[1]], err = strconv.ParseInt(m[2], 10, 64)
		check(t, err)
	}
	seen := map[string]bool{}
	match := func(name string, got int64) {
		seen[name] = true
		if n, there := want[name]; !there || n != got {
			t.Errorf("RDB_%s is %d (there: %v), here %d", name, n, there, got)
		}
	}
	statuses, err := os.ReadFile("status.go")
	check(t, err)
	for _, m := range regexp.MustCompile(`Status +Status = (-?\d+)|\bStatus\w+ +(?:Status )?= (-?\d+)`).FindAllStringSubmatch(string(statuses), -1) {
		n, err := strconv.Atoi(m[1] + m[2])
		check(t, err)
		match(rdb.Status(n).String()[len("RDB_"):], int64(n))
	}
	for name, got := range map[string]int64{
		"OPTION_BOOL": int64(rdb.OptionBool), "OPTION_UINT": int64(rdb.OptionUint),
		"OPTION_BYTES": int64(rdb.OptionBytes), "OPTION_CHOICE": int64(rdb.OptionChoice),
		"RECOVERY_CLEAN": int64(rdb.RecoveryClean), "RECOVERY_FULL_REPAIR": int64(rdb.RecoveryFullRepair),
		"RECOVERY_OLDER_COMMIT": int64(rdb.RecoveryOlderCommit), "RECOVERY_MIRROR": int64(rdb.RecoveryMirror),
		"TXN_READ": 0, "TXN_WRITE": 1, "WAIT_FOREVER": 0,
		"DURABILITY_IMMEDIATE": int64(rdb.Immediate), "DURABILITY_NONE": int64(rdb.None),
		"TYPE_BUILTIN": int64(rdb.ClassBuiltin), "TYPE_USER_DEFINED": int64(rdb.ClassUserDefined),
		"TYPE_TUPLE": int64(rdb.ClassTuple), "TABLE_NORMAL": int64(rdb.TableNormal),
		"TABLE_MULTIMAP": int64(rdb.TableMultimap), "PUT_INSERT_ONLY": int64(rdb.InsertOnly),
		"PUT_UPDATE_ONLY": int64(rdb.UpdateOnly), "BOUND_INCLUDED": 1, "BOUND_EXCLUDED": 2, "BOUND_NONE": 0,
		"VERIFY_HEADER": int64(rdb.VerifyHeader), "VERIFY_CHECKSUMS": int64(rdb.VerifyChecksums),
		"VERIFY_FULL": int64(rdb.VerifyFull),
	} {
		match(name, got)
	}
	for name := range want {
		switch {
		case seen[name], regexp.MustCompile(`^(VERSION|ABI|OPEN|PROFILE|VERIFY_READS|WAIT)_`).MatchString(name):
		default:
			t.Errorf("RDB_%s has no counterpart", name)
		}
	}
}
