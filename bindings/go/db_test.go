package rdb_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rdb.example/rdb"
)

func TestAFileKeepsWhatWasCommitted(t *testing.T) {
	path := newPath(t)
	db, err := rdb.Open(path)
	check(t, err)
	numbered(t, db, 100)
	check(t, db.Close())

	db = file(t, path, rdb.WithExisting())
	view(t, db, func(tx *rdb.Tx) {
		got, err := tx.Table("t").Get(key(42))
		check(t, err)
		equal(t, string(got), "v42")
	})
	recovery, err := db.Recovery()
	check(t, err)
	equal(t, recovery.Flags, rdb.RecoveryClean)
	if recovery.TxnID == 0 {
		t.Fatal("no commit was opened")
	}
}

func TestAFileNotClosedIsRepaired(t *testing.T) {
	path := newPath(t)
	db := file(t, path)
	numbered(t, db, 1000)
	copied := newPath(t)
	content, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(copied, content, 0o600))

	calls := 0
	again := file(t, copied, rdb.WithRepairProgress(func(done, total uint64) error { calls++; return nil }))
	recovery, err := again.Recovery()
	check(t, err)
	if recovery.Flags&rdb.RecoveryFullRepair == 0 || calls == 0 {
		t.Fatalf("%+v after %d calls", recovery, calls)
	}
	view(t, again, func(tx *rdb.Tx) {
		n, err := tx.Table("t").Len()
		check(t, err)
		equal(t, n, 1000)
	})

	check(t, os.WriteFile(copied+"3", content, 0o600))
	_, err = rdb.Open(copied+"3", rdb.WithRepairProgress(func(done, total uint64) error { return rdb.ErrStopped }))
	checkIs(t, err, rdb.ErrRepairAborted)
	mine := errors.New("mine")
	_, err = rdb.Open(copied+"3", rdb.WithRepairProgress(func(done, total uint64) error { return mine }))
	checkIs(t, err, mine)
	checkIs(t, err, rdb.ErrCallback)
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = rdb.Open(copied+"3", rdb.WithContext(done))
	checkIs(t, err, context.Canceled)
}

func TestErrorsOfTheSystemCarryTheirNumber(t *testing.T) {
	_, err := rdb.Open(newPath(t)+"/not/there", rdb.WithExisting())
	checkIs(t, err, rdb.ErrIO)
	checkIs(t, err, fs.ErrNotExist)
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno != syscall.ENOENT {
		t.Fatalf("errno %v of %v", errno, err)
	}
	var e *rdb.Error
	if !errors.As(err, &e) || e.Errno != syscall.ENOENT || e.Status.Hundred() != -400 || !strings.Contains(err.Error(), "not/there") {
		t.Fatalf("%+v", e)
	}
}

func TestModes(t *testing.T) {
	path := newPath(t)
	db, err := rdb.Open(path, rdb.WithCreateNew())
	check(t, err)
	numbered(t, db, 10)
	_, err = rdb.Open(path)
	checkIs(t, err, rdb.ErrAlreadyOpen)
	check(t, db.Close())

	_, err = rdb.Open(path, rdb.WithCreateNew())
	checkIs(t, err, fs.ErrExist)
	reader := file(t, path, rdb.WithReadOnly())
	_, err = reader.Begin(ctx, true)
	checkIs(t, err, rdb.ErrReadOnly)
	_, err = reader.Begin(ctx, true) // the place of the writer is free again
	checkIs(t, err, rdb.ErrReadOnly)
	view(t, reader, func(tx *rdb.Tx) { equal(t, len(collect(t, tx.Table("t"), rdb.Range{})), 10) })
}

func TestAForeignFileIsRefused(t *testing.T) {
	path := newPath(t)
	check(t, os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600))
	_, err := rdb.Open(path)
	checkIs(t, err, rdb.ErrFormat)
}

func TestOptionsAreListedAndChecked(t *testing.T) {
	listed := map[string]rdb.OptionInfo{}
	for _, option := range rdb.Options() {
		listed[option.Name] = option
		if option.Help == "" || option.Kind > rdb.OptionChoice {
			t.Errorf("%+v", option)
		}
		if option.Initial != "" {
			db, err := rdb.OpenMemory(rdb.WithOption(option.Name, option.Initial))
			if err != nil {
				t.Errorf("%s=%s: %v", option.Name, option.Initial, err)
				continue
			}
			check(t, db.Close())
		}
	}
	if mode := listed["mode"]; mode.Kind != rdb.OptionChoice || !strings.Contains(mode.Choices, "read_only") {
		t.Errorf("%+v", mode)
	}
	_, err := rdb.OpenMemory(rdb.WithOption("no_such", "1"))
	checkIs(t, err, rdb.ErrUnknownOption)
	_, err = rdb.OpenMemory(rdb.WithOption("mode", "sideways"))
	checkIs(t, err, rdb.ErrInvalidArgument)
	_, err = rdb.OpenMemory(rdb.WithBlockingLimit(-1))
	checkIs(t, err, rdb.ErrInvalidArgument)
	_, err = rdb.Open("a\xff\x00b")
	if err == nil {
		t.Fatal("a path with a NUL was opened")
	}
}

func TestTheLibraryTellsWhatItIs(t *testing.T) {
	if rdb.Version() == "" || rdb.BuildInfo() == "" || rdb.VersionNumber() == 0 {
		t.Fatal(rdb.Version(), rdb.BuildInfo(), rdb.VersionNumber())
	}
	check(t, rdb.CheckABI(rdb.ABIVersion()))
	if err := rdb.CheckABI(rdb.ABIVersion() + 1); err == nil {
		t.Fatal("an ABI of the future is fine")
	}
	equal(t, rdb.HasFeature("tables"), true)
	equal(t, rdb.HasFeature("time travel"), false)
	equal(t, rdb.StatusPageCorrupted.String(), "RDB_ERR_PAGE_CORRUPTED")
	equal(t, rdb.Status(-999999).String(), "RDB_ERR_UNKNOWN")
}

func TestCloseRefusesWhileTransactionsAreOpen(t *testing.T) {
	db := memory(t)
	tx, err := db.Begin(ctx, false)
	check(t, err)
	checkIs(t, db.Close(), rdb.ErrBusy)
	_, err = db.Stats()
	check(t, err)
	check(t, tx.Rollback())
	check(t, db.Close())
	check(t, db.Close())
}

func TestCloseDeferredEndsTransactions(t *testing.T) {
	path := newPath(t)
	db, err := rdb.Open(path)
	check(t, err)
	numbered(t, db, 10)
	tx, err := db.Begin(ctx, false)
	check(t, err)
	table := tx.Table("t")
	pin, err := table.Pin(key(3))
	check(t, err)
	it := table.Iterate(rdb.Range{})
	db.CloseDeferred()
	db.CloseDeferred()

	_, err = table.Get(key(1))
	checkIs(t, err, rdb.ErrClosed)
	equal(t, it.Next(), false)
	checkIs(t, it.Err(), rdb.ErrClosed)
	equal(t, string(pin.Bytes()), "v3")
	check(t, tx.Rollback())
	equal(t, string(pin.Bytes()), "v3")
	check(t, pin.Close())
	file(t, path) // the lock is gone
}

func TestVerify(t *testing.T) {
	path := newPath(t)
	db := file(t, path)
	numbered(t, db, 5000)
	calls := 0
	report, err := db.Verify(ctx, rdb.VerifyFull, func(done, total uint64) error { calls++; return nil })
	check(t, err)
	if len(report.Problems) != 0 || report.EntriesChecked < 5000 || report.TablesChecked == 0 || calls == 0 {
		t.Fatalf("%+v after %d calls", report, calls)
	}
	_, err = db.Verify(ctx, rdb.VerifyFull, func(done, total uint64) error { return rdb.ErrStopped })
	checkIs(t, err, rdb.ErrStopped)
	mine := errors.New("mine")
	_, err = db.Verify(ctx, rdb.VerifyFull, func(done, total uint64) error { return mine })
	checkIs(t, err, mine)
	_, err = db.Verify(ctx, rdb.VerifyFull, func(done, total uint64) error { return rdb.ErrOutOfSpace })
	checkIs(t, err, rdb.ErrOutOfSpace)
	_, err = db.Verify(ctx, rdb.Level(77), nil)
	checkIs(t, err, rdb.ErrInvalidArgument)

	live, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err = db.Verify(live, rdb.VerifyFull, func(done, total uint64) error {
		cancel()
		time.Sleep(100 * time.Millisecond) // the context's own goroutine passes it on
		return nil
	})
	checkIs(t, err, context.Canceled)
	checkIs(t, err, rdb.ErrCancelled)
	_, err = db.Verify(live, rdb.VerifyHeader, nil)
	checkIs(t, err, context.Canceled)
}

func TestVerifyNamesADamagedPage(t *testing.T) {
	path := newPath(t)
	db, err := rdb.Open(path)
	check(t, err)
	numbered(t, db, 5000)
	check(t, db.Close())
	content, err := os.ReadFile(path)
	check(t, err)
	at := bytes.Index(content, []byte("v2500")) // a value in some leaf
	if at < 0 {
		t.Fatal("the value is not in the file")
	}
	content[at] ^= 1
	check(t, os.WriteFile(path, content, 0o600))

	db = file(t, path, rdb.WithReadOnly())
	report, err := db.Verify(ctx, rdb.VerifyFull, nil)
	check(t, err)
	if len(report.Problems) == 0 || report.Problems[0].What == "" || report.Problems[0].Object == "" {
		t.Fatalf("%+v", report)
	}
	err = db.View(ctx, func(tx *rdb.Tx) error {
		_, err := tx.Table("t").Get(key(2500))
		return err
	})
	checkIs(t, err, rdb.ErrCorrupted)
	var e *rdb.Error
	if !errors.As(err, &e) || e.Position == rdb.NoPosition {
		t.Fatalf("%+v", e)
	}
}

func TestAPanicInACallbackArrivesAtTheCaller(t *testing.T) {
	db := memory(t)
	numbered(t, db, 5000)
	defer func() {
		equal(t, recover(), any("boom"))
		_, err := db.Verify(ctx, rdb.VerifyFull, nil) // nothing is broken or locked
		check(t, err)
	}()
	db.Verify(ctx, rdb.VerifyFull, func(done, total uint64) error { panic("boom") })
}

func TestStatsCount(t *testing.T) {
	db := file(t, newPath(t))
	numbered(t, db, 1000)
	tx := begin(t, db, false)
	stats, err := db.Stats()
	check(t, err)
	if stats.PageBytes != 4096 || stats.LiveReaders != 1 || stats.Commits == 0 || stats.Syncs == 0 ||
		stats.FileBytes == 0 || stats.LastTxnID != stats.DurableTxnID || stats.PagesAllocated == 0 {
		t.Fatalf("%+v", stats)
	}
	id, err := tx.ID()
	check(t, err)
	equal(t, id, stats.LastTxnID)
}
