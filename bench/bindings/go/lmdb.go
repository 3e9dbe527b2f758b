//go:build lmdb

package main

import (
	"time"

	mdb "github.com/PowerDNS/lmdb-go/lmdb"
)

var lmdb engine = lmdbEngine{}

type lmdbEngine struct{}

const mapBytes = 16 << 30

func openLMDB(file string, flags uint) *mdb.Env {
	env, err := mdb.NewEnv()
	must(err)
	must(env.SetMapSize(mapBytes))
	must(env.Open(file, mdb.NoSubdir|flags, 0o644))
	return env
}

// Both look at the map itself (RawRead); a get then copies the value into a buffer that is used again.
func (lmdbEngine) read(file string) (scan func(t *tally), get func(keys [][]byte, t *tally), done func()) {
	env := openLMDB(file, mdb.Readonly)
	txn, err := env.BeginTxn(nil, mdb.Readonly)
	must(err)
	dbi, err := txn.OpenRoot(0)
	must(err)
	txn.RawRead = true
	scan = func(t *tally) {
		cursor, err := txn.OpenCursor(dbi)
		must(err)
		defer cursor.Close()
		for {
			_, value, err := cursor.Get(nil, nil, mdb.Next)
			if mdb.IsNotFound(err) {
				return
			}
			must(err)
			t.add(value)
		}
	}
	get = func(keys [][]byte, t *tally) {
		room := make([]byte, 256)
		for _, key := range keys {
			value, err := txn.Get(dbi, key)
			must(err)
			t.add(room[:copy(room, value)])
		}
	}
	return scan, get, func() {
		txn.Abort()
		must(env.Close())
	}
}

func (lmdbEngine) put(file string, records []record) time.Duration {
	env := openLMDB(file, 0)
	begin := time.Now()
	must(env.Update(func(txn *mdb.Txn) error {
		dbi, err := txn.OpenRoot(0)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := txn.Put(dbi, r.key, r.value, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	took := time.Since(begin)
	must(env.Close())
	return took
}
