package main

import (
	"context"
	"time"

	"rdb.example/rdb"
)

type rdbEngine struct{ batch rdb.Batch }

func (*rdbEngine) read(file string) (scan func(t *tally), get func(keys [][]byte, t *tally), done func()) {
	db, err := rdb.Open(file, rdb.WithReadOnly())
	must(err)
	tx, err := db.Begin(context.Background(), false)
	must(err)
	table := tx.Table("bench")
	scan = func(t *tally) {
		it := table.Iterate(rdb.Range{})
		defer it.Close()
		for it.Next() {
			t.add(it.Value())
		}
		must(it.Err())
	}
	// Into a buffer that is used again, as in C. Get gives memory of its own for each value.
	get = func(keys [][]byte, t *tally) {
		room := make([]byte, 256)
		for _, key := range keys {
			n, err := table.GetInto(key, room)
			must(err)
			t.add(room[:n])
		}
	}
	return scan, get, func() {
		must(tx.Rollback())
		must(db.Close())
	}
}

func (e *rdbEngine) put(file string, records []record) time.Duration {
	db, err := rdb.Open(file, rdb.WithCreateNew())
	must(err)
	begin := time.Now()
	must(db.Update(context.Background(), func(tx *rdb.Tx) error {
		table := tx.Table("bench")
		batch := &e.batch
		for i, r := range records {
			batch.Put(r.key, r.value)
			if batch.Bytes() < 64<<20 && i < len(records)-1 {
				continue
			}
			if _, err := table.PutBatch(batch); err != nil {
				return err
			}
			batch.Reset()
		}
		return nil
	}))
	took := time.Since(begin)
	must(db.Close())
	return took
}
