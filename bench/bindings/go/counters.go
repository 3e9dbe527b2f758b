package main

import (
	"context"
	"encoding/binary"
	"log"
	"os"
	"time"

	"rdb.example/rdb"
)

var oneHit = binary.LittleEndian.AppendUint64(nil, 1)

func countPairs(table *rdb.Table, keys [][]byte) {
	room := make([]byte, 8)
	for _, key := range keys {
		hits := uint64(0)
		n, err := table.GetInto(key, room)
		if err != rdb.ErrNotFound {
			must(err)
			hits = binary.LittleEndian.Uint64(room[:n])
		}
		binary.LittleEndian.PutUint64(room, hits+1)
		must(table.Put(key, room))
	}
}

func countMerges(table *rdb.Table, keys [][]byte) {
	for _, key := range keys {
		must(table.Merge(key, oneHit, rdb.NumericAdd))
	}
}

func countBatches(table *rdb.Table, keys [][]byte, batch *rdb.Batch) {
	for i, key := range keys {
		batch.Put(key, oneHit)
		if (i+1)%countBatch == 0 || i+1 == len(keys) {
			must(table.MergeBatch(batch, rdb.NumericAdd))
			batch.Reset()
		}
	}
}

func countHits(workload, file string, keys [][]byte) (t tally, took time.Duration) {
	db, err := rdb.Open(file, rdb.WithCreateNew())
	must(err)
	tx, err := db.Begin(context.Background(), true)
	must(err)
	table := tx.Table("counters")
	var batch rdb.Batch
	pass := func() {
		switch workload {
		case "count_pairs":
			countPairs(table, keys)
		case "count_merges":
			countMerges(table, keys)
		default:
			countBatches(table, keys, &batch)
		}
	}
	pass()
	for begin := time.Now(); took < minimum; took = time.Since(begin) {
		pass()
		t.records += uint64(len(keys))
	}
	sum := uint64(0)
	it := table.Iterate(rdb.Range{})
	for it.Next() {
		sum += binary.LittleEndian.Uint64(it.Value())
	}
	must(it.Err())
	must(it.Close())
	t.bytes = 8 * (sum - uint64(len(keys))) // the warm pass
	must(tx.Rollback())
	must(db.Close())
	if err := os.Remove(file); err != nil {
		log.Fatal(err)
	}
	return t, took
}
