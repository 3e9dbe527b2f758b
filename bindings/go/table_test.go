package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"

	"rdb.example/rdb"
)

func TestRecords(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	table := tx.Table("t")
	_, err := table.Get([]byte("ada"))
	checkIs(t, err, rdb.ErrNotFound)
	check(t, table.Put([]byte("ada"), []byte("1815")))
	got, err := table.Get([]byte("ada"))
	check(t, err)
	equal(t, string(got), "1815")

	checkIs(t, table.Put([]byte("ada"), []byte("x"), rdb.InsertOnly), rdb.ErrExists)
	checkIs(t, table.Put([]byte("bob"), []byte("x"), rdb.UpdateOnly), rdb.ErrNotFound)
	checkIs(t, table.Put([]byte("bob"), []byte("x"), rdb.InsertOnly, rdb.UpdateOnly), rdb.ErrInvalidArgument)
	check(t, table.Put(nil, nil)) // both empty
	got, err = table.Get([]byte{})
	check(t, err)
	if got == nil || len(got) != 0 {
		t.Fatal(got)
	}

	found, err := table.Contains([]byte("ada"))
	check(t, err)
	equal(t, found, true)
	deleted, err := table.Delete([]byte("ada"))
	check(t, err)
	equal(t, deleted, true)
	deleted, err = table.Delete([]byte("ada"))
	check(t, err)
	equal(t, deleted, false)
	found, err = table.Contains([]byte("ada"))
	check(t, err)
	equal(t, found, false)
}

func TestValuesOfEverySize(t *testing.T) {
	db := memory(t)
	for _, size := range []int{0, 1, 4095, 4096, 4097, 1 << 20} {
		want := bytes.Repeat([]byte{'x'}, size)
		update(t, db, func(tx *rdb.Tx) { check(t, tx.Table("t").Put([]byte("k"), want)) })
		view(t, db, func(tx *rdb.Tx) {
			table := tx.Table("t")
			got, err := table.Get([]byte("k"))
			check(t, err)
			equal(t, bytes.Equal(got, want), true)

			room := make([]byte, size+1)
			n, err := table.GetInto([]byte("k"), room)
			check(t, err)
			equal(t, bytes.Equal(room[:n], want), true)
			if size > 0 {
				n, err = table.GetInto([]byte("k"), room[:size-1])
				checkIs(t, err, io.ErrShortBuffer)
				equal(t, n, size)
			}
			_, err = table.GetInto([]byte("other"), room)
			checkIs(t, err, rdb.ErrNotFound)

			equal(t, len(collect(t, table, rdb.Range{})[0]), size+2)
			equal(t, len(collect(t, table, rdb.Range{Reverse: true})[0]), size+2)
		})
	}
}

func TestAValueAboveTheLimitIsRefused(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	// Never touched: the length alone decides.
	huge, err := syscall.Mmap(-1, 0, 8<<30, syscall.PROT_READ,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	check(t, err)
	defer syscall.Munmap(huge)
	checkIs(t, tx.Table("t").Put([]byte("k"), huge), rdb.ErrTooLarge)
	checkIs(t, tx.Table("t").Put(huge, nil), rdb.ErrTooLarge)
	_, err = tx.Table("t").Get(huge)
	if !errors.Is(err, rdb.ErrTooLarge) && !errors.Is(err, rdb.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestPopTakesFromBothEnds(t *testing.T) {
	db := memory(t)
	numbered(t, db, 3)
	tx := begin(t, db, true)
	table := tx.Table("t")
	k, v, err := table.PopLast()
	check(t, err)
	equal(t, string(k)+string(v), "k000002v2")
	k, v, err = table.PopFirst()
	check(t, err)
	equal(t, string(k)+string(v), "k000000v0")
	_, _, err = table.PopFirst()
	check(t, err)
	_, _, err = table.PopFirst()
	checkIs(t, err, rdb.ErrNotFound)
	_, _, err = table.PopLast()
	checkIs(t, err, rdb.ErrNotFound)
}

func TestAPinOutlivesItsDatabase(t *testing.T) {
	db, err := rdb.Open(newPath(t))
	check(t, err)
	numbered(t, db, 1000)
	tx := begin(t, db, false)
	pin, err := tx.Table("t").Pin(key(500))
	check(t, err)
	_, err = tx.Table("t").Pin([]byte("other"))
	checkIs(t, err, rdb.ErrNotFound)
	stats, err := db.Stats()
	check(t, err)
	if stats.PinnedBytes == 0 {
		t.Fatal("nothing is pinned")
	}
	check(t, tx.Rollback())
	check(t, db.Close())
	equal(t, string(pin.Bytes()), "v500")
	check(t, pin.Close())
	check(t, pin.Close())
	if pin.Bytes() != nil {
		t.Fatal("bytes after Close")
	}
}

func TestBatches(t *testing.T) {
	db := memory(t)
	update(t, db, func(tx *rdb.Tx) {
		table := tx.Table("t")
		var batch rdb.Batch
		written, err := table.PutBatch(&batch)
		check(t, err)
		equal(t, written, 0)
		batch.Put([]byte("b"), []byte("2"))
		batch.Put([]byte("a"), bytes.Repeat([]byte("1"), 5000))
		batch.Put(nil, nil)
		equal(t, batch.Len(), 3)
		written, err = table.PutBatch(&batch)
		check(t, err)
		equal(t, written, 3)
		written, err = table.PutBatch(&batch, rdb.InsertOnly)
		check(t, err)
		equal(t, written, 0)

		values, err := table.GetBatch([][]byte{[]byte("b"), []byte("x"), {}, []byte("a")})
		check(t, err)
		equal(t, len(values), 4)
		equal(t, string(values[0]), "2")
		if values[1] != nil || values[2] == nil || len(values[2]) != 0 || len(values[3]) != 5000 {
			t.Fatal(values)
		}
		values, err = table.GetBatch(nil)
		check(t, err)
		equal(t, len(values), 0)

		deleted, err := table.DeleteBatch([][]byte{[]byte("b"), []byte("x")})
		check(t, err)
		equal(t, deleted, 1)
		batch.Reset()
		equal(t, batch.Len()+batch.Bytes(), 0)
	})
}

// Its memory is used again, and grows, whatever lay in it before.
func TestABatchServesManyTransactions(t *testing.T) {
	db := memory(t)
	var batch rdb.Batch
	for round := 1; round <= 3; round++ {
		records := 200 * round
		update(t, db, func(tx *rdb.Tx) {
			for i := 0; i < records; i++ {
				batch.Put([]byte(fmt.Sprint(i)), bytes.Repeat([]byte{byte(round)}, i%23))
			}
			written, err := tx.Table("t").PutBatch(&batch)
			check(t, err)
			equal(t, written, uint64(records))
		})
		update(t, db, func(tx *rdb.Tx) {
			for i := 0; i < records; i++ {
				value, err := tx.Table("t").Get([]byte(fmt.Sprint(i)))
				check(t, err)
				if !bytes.Equal(value, bytes.Repeat([]byte{byte(round)}, i%23)) {
					t.Fatalf("round %d, record %d: %v", round, i, value)
				}
			}
		})
		batch.Reset()
	}
}

func TestABatchTellsWhereItStopped(t *testing.T) {
	db := memory(t)
	update(t, db, func(tx *rdb.Tx) {
		table, err := tx.OpenTable("n", rdb.Uint32.Type(), rdb.Bytes.Type())
		check(t, err)
		var batch rdb.Batch
		batch.Put([]byte("four"), nil)
		batch.Put([]byte("three's company"), nil)
		_, err = table.PutBatch(&batch)
		checkIs(t, err, rdb.ErrInvalidArgument)
		var e *rdb.Error
		if !errors.As(err, &e) || e.Position != 1 {
			t.Fatalf("%+v", e)
		}
		_, err = table.DeleteBatch([][]byte{[]byte("four"), []byte("four"), []byte("x")})
		if !errors.As(err, &e) || e.Position != 2 {
			t.Fatalf("%+v", e)
		}
		_, err = table.GetBatch([][]byte{[]byte("x")})
		if !errors.As(err, &e) || e.Position != 0 {
			t.Fatalf("%+v", e)
		}
	})
}

// Keys that are parts of objects with pointers are what cgo's checks could stumble over.
func TestKeysMayBePartsOfAnything(t *testing.T) {
	db := memory(t)
	object := &struct {
		name  *string
		key   [8]byte
		value [8]byte
		next  *int
	}{name: new(string), next: new(int)}
	k, v := object.key[:], object.value[:]
	update(t, db, func(tx *rdb.Tx) {
		table := tx.Table("t")
		check(t, table.Put(k, v))
		_, err := table.Get(k)
		check(t, err)
		_, err = table.GetInto(k, v)
		check(t, err)
		_, err = table.Contains(k)
		check(t, err)
		pin, err := table.Pin(k)
		check(t, err)
		check(t, pin.Close())
		_, err = table.GetBatch([][]byte{k})
		check(t, err)
		c, err := table.Cursor()
		check(t, err)
		equal(t, c.Seek(k) && c.SeekExact(k) && c.SeekLE(k), true)
		check(t, c.SetRange(rdb.Range{Lower: k, Upper: v, IncludeUpper: true}))
		check(t, c.Close())
		equal(t, len(collect(t, table, rdb.Range{Lower: k, Upper: k, IncludeUpper: true})), 1)
		equal(t, len(collect(t, table, rdb.Prefix(k))), 1)
		_, err = table.DeleteBatch([][]byte{k})
		check(t, err)
		_, err = table.Delete(k)
		check(t, err)
	})
}
