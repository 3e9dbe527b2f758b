package rdb_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"rdb.example/rdb"
)

func counterTx(t *testing.T) (*rdb.Tx, *rdb.Table) {
	t.Helper()
	tx := begin(t, memory(t), true)
	return tx, tx.Table("t")
}

func TestMergeOperators(t *testing.T) {
	tx, _ := counterTx(t)
	hits := rdb.TableOf(tx, "hits", rdb.String, rdb.Uint64)
	check(t, hits.Merge("a", 2, rdb.NumericAdd))
	check(t, hits.Merge("a", 40, rdb.NumericAdd))
	if n, err := hits.Get("a"); n != 42 || err != nil {
		t.Fatal(n, err)
	}
	var batch rdb.Batch
	for i := 0; i < 1000; i++ {
		batch.Put([]byte("a"), binary.LittleEndian.AppendUint64(nil, 1))
	}
	check(t, hits.Table().MergeBatch(&batch, rdb.NumericAdd))
	if n, _ := hits.Get("a"); n != 1042 {
		t.Fatal(n)
	}
	err := hits.Table().Merge([]byte("a"), []byte{1}, rdb.BytesAppend)
	if !errors.Is(err, rdb.ErrMergeWidth) {
		t.Fatal(err)
	}
	if err := hits.Table().Merge([]byte("a"), []byte{1}, rdb.MergeOperator(99)); !errors.Is(err, rdb.ErrInvalidArgument) {
		t.Fatal(err)
	}
}

func TestMergeFunctionsErrorsAndPanicsPassThrough(t *testing.T) {
	tx, table := counterTx(t)
	check(t, table.Put([]byte("k"), []byte("v")))
	own := errors.New("no")
	fail := func(key, existing, operand []byte) ([]byte, error) { return nil, own }
	if err := table.MergeFunc([]byte("k"), nil, fail); !errors.Is(err, own) || !errors.Is(err, rdb.ErrCallback) {
		t.Fatal(err)
	}
	typed := func(key, existing, operand []byte) ([]byte, error) { return nil, rdb.ErrOutOfSpace }
	if err := table.MergeFunc([]byte("k"), nil, typed); !errors.Is(err, rdb.ErrOutOfSpace) {
		t.Fatal(err)
	}
	stop := func(key, existing, operand []byte) ([]byte, error) { return nil, rdb.ErrStopped }
	if err := table.MergeFunc([]byte("k"), nil, stop); err != rdb.ErrStopped {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic is lost")
			}
		}()
		table.MergeFunc([]byte("k"), nil, func(_, _, _ []byte) ([]byte, error) { panic("boom") })
	}()
	if v, err := table.Get([]byte("k")); string(v) != "v" || err != nil {
		t.Fatal(string(v), err)
	}
	check(t, tx.Commit())
}

func TestMergeFunctionMayNotUseItsTransaction(t *testing.T) {
	tx, table := counterTx(t)
	check(t, table.Put([]byte("k"), []byte("v")))
	it := table.Iterate(rdb.Range{})
	it.Next()
	err := table.MergeFunc([]byte("k"), []byte("x"), func(key, existing, operand []byte) ([]byte, error) {
		for _, err := range []error{
			func() error { _, err := table.Get(key); return err }(),
			table.Put(key, operand),
			table.Merge(key, operand, rdb.BytesAppend),
			func() error { _, err := tx.Tables(); return err }(),
			tx.Commit(),
			tx.Rollback(),
		} {
			if !errors.Is(err, rdb.ErrMisuse) {
				t.Error(err)
			}
		}
		it.Close()
		return append(existing[:1:1], operand...), nil
	})
	check(t, err)
	if v, _ := table.Get([]byte("k")); string(v) != "vx" {
		t.Fatal(string(v))
	}
	check(t, tx.Commit())
}

func TestMergeBatchFunc(t *testing.T) {
	_, table := counterTx(t)
	var batch rdb.Batch
	batch.Put([]byte("b"), []byte("1"))
	batch.Put([]byte("a"), []byte("2"))
	batch.Put([]byte("b"), []byte("3"))
	seen := 0
	n, err := table.MergeBatchFunc(&batch, func(key, existing, operand []byte) ([]byte, error) {
		if seen++; seen == 3 {
			return nil, rdb.ErrStopped
		}
		return operand, nil
	})
	if n != 2 || err != rdb.ErrStopped {
		t.Fatal(n, err)
	}
	own := errors.New("no")
	_, err = table.MergeBatchFunc(&batch, func(key, existing, operand []byte) ([]byte, error) {
		if string(key) == "a" {
			return nil, own
		}
		return nil, nil
	})
	var e *rdb.Error
	if !errors.As(err, &e) || e.Position != 1 || !errors.Is(err, own) {
		t.Fatal(err)
	}
	if there, _ := table.Contains([]byte("b")); there {
		t.Fatal("the first record was not merged")
	}
}

func TestTypedMergeFunc(t *testing.T) {
	tx, _ := counterTx(t)
	table := rdb.TableOf(tx, "n", rdb.String, rdb.Uint64)
	halve := func(key string, existing *uint64, by uint64) (*uint64, error) {
		if existing == nil {
			return &by, nil
		}
		if *existing < by {
			return nil, nil
		}
		n := *existing / by
		return &n, nil
	}
	check(t, table.MergeFunc("a", 8, halve))
	check(t, table.MergeFunc("a", 2, halve))
	if n, err := table.Get("a"); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	check(t, table.MergeFunc("a", 5, halve))
	if there, _ := table.Contains("a"); there {
		t.Fatal("it should be deleted")
	}
}
