package rdb_test

import (
	"context"
	"testing"
	"time"

	"rdb.example/rdb"
)

func ttlDB(t *testing.T) *rdb.DB {
	t.Helper()
	db, err := rdb.OpenMemory()
	check(t, err)
	t.Cleanup(func() { db.Close() })
	check(t, db.SetClock(time.UnixMilli(1000)))
	return db
}

func TestValuesExpire(t *testing.T) {
	db := ttlDB(t)
	check(t, db.Update(context.Background(), func(tx *rdb.Tx) error {
		cache := tx.TTLTable("cache")
		check(t, cache.PutFor([]byte("soon"), []byte("1"), 500*time.Millisecond))
		check(t, cache.PutFor([]byte("ever"), []byte("2"), rdb.Forever))
		check(t, cache.SetDefaultTTL(time.Second+time.Nanosecond))
		ttl, err := cache.DefaultTTL()
		check(t, err)
		equal(t, ttl, 1001*time.Millisecond)
		check(t, cache.Put([]byte("later"), []byte("3")))
		checkIs(t, cache.PutFor([]byte("soon"), nil, 0, rdb.InsertOnly), rdb.ErrExists)
		checkIs(t, cache.PutFor([]byte("none"), nil, 0, rdb.UpdateOnly), rdb.ErrNotFound)
		checkIs(t, cache.PutFor([]byte("none"), nil, -2), rdb.ErrInvalidArgument)
		expiry, err := cache.Expiry([]byte("later"))
		check(t, err)
		equal(t, expiry.UnixMilli(), 2001)
		expiry, err = cache.Expiry([]byte("ever"))
		check(t, err)
		equal(t, expiry.IsZero(), true)
		return nil
	}))
	check(t, db.SetClock(time.UnixMilli(1500)))
	check(t, db.View(context.Background(), func(tx *rdb.Tx) error {
		cache := tx.TTLTable("cache")
		_, err := cache.Get([]byte("soon"))
		checkIs(t, err, rdb.ErrNotFound)
		_, err = cache.Expiry([]byte("soon"))
		checkIs(t, err, rdb.ErrNotFound)
		n, err := cache.LiveCount(context.Background())
		check(t, err)
		equal(t, n, 2)
		equal(t, length(t, cache.Table), 3)
		cursor, err := cache.Cursor()
		check(t, err)
		_, err = cursor.Expiry()
		checkIs(t, err, rdb.ErrNotFound)
		equal(t, cursor.First(), true)
		equal(t, string(cursor.Key()), "ever")
		done, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = cache.LiveCount(done)
		checkIs(t, err, context.Canceled)
		_, err = cache.Purge(context.Background(), nil, 0)
		checkIs(t, err, rdb.ErrMisuse)
		return nil
	}))
}

func TestPurgeInSteps(t *testing.T) {
	db := ttlDB(t)
	check(t, db.Update(context.Background(), func(tx *rdb.Tx) error {
		cache := tx.TTLTable("cache")
		for key := byte(0); key < 10; key++ {
			check(t, cache.PutFor([]byte{key}, nil, time.Duration(key%2+1)*time.Second))
		}
		return nil
	}))
	check(t, db.SetClock(time.UnixMilli(2000)))
	var removed uint64
	var after []byte
	for steps := 0; ; steps++ {
		var step rdb.PurgeStep
		check(t, db.Update(context.Background(), func(tx *rdb.Tx) (err error) {
			step, err = tx.TTLTable("cache").Purge(context.Background(), after, 3)
			return err
		}))
		removed += step.Removed
		if after = step.Position; after == nil {
			equal(t, steps, 3)
			break
		}
	}
	equal(t, removed, 5)
}

func TestTTLTableIsTypedAndTold(t *testing.T) {
	db := ttlDB(t)
	check(t, db.Update(context.Background(), func(tx *rdb.Tx) error {
		opened, err := tx.OpenTTL("t", rdb.String.Type(), rdb.Uint64.Type())
		check(t, err)
		typed := rdb.Typed(opened.Table, rdb.String, rdb.Uint64)
		check(t, typed.Put("a", 7))
		touched, err := opened.Touch([]byte("a"), time.Second)
		check(t, err)
		equal(t, touched, true)
		touched, err = opened.Touch([]byte("b"), time.Second)
		check(t, err)
		equal(t, touched, false)
		n, err := typed.Get("a")
		check(t, err)
		equal(t, n, 7)
		check(t, opened.Close())
		_, err = tx.OpenTTL("t", rdb.String.Type(), rdb.String.Type())
		checkIs(t, err, rdb.ErrTableType)
		check(t, tx.Table("plain").Put([]byte("a"), nil))
		return nil
	}))
	check(t, db.View(context.Background(), func(tx *rdb.Tx) error {
		_, err := tx.OpenTTLRaw("plain")
		checkIs(t, err, rdb.ErrTableType)
		_, err = tx.TTLTable("missing").Get([]byte("a"))
		checkIs(t, err, rdb.ErrTableMissing)
		return nil
	}))
	check(t, db.SetClock(time.Time{}))
	now, err := db.Now()
	check(t, err)
	equal(t, time.Since(now).Abs() < time.Hour, true)
	checkIs(t, db.SetClock(time.UnixMilli(-1)), rdb.ErrInvalidArgument)
}
