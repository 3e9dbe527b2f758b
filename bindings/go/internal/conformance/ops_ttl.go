package main

import (
	"errors"
	"fmt"
	"time"

	"rdb.example/rdb"
)

func ttlOpen(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	name, err2 := name(l, "name")
	key, keyForm, err3 := typeOf(l["key_type"])
	value, valueForm, err4 := typeOf(l["value_type"])
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return nil, err
	}
	var opened *rdb.TTLTable
	if l.text("op") == "ttl_open_raw" {
		opened, err = tx.OpenTTLRaw(name)
	} else {
		opened, err = tx.OpenTTL(name, key, value)
	}
	if err != nil {
		return made(r, l, "table", nil, err)
	}
	return made(r, l, "table", &table{opened.Table, keyForm, valueForm, opened}, nil)
}

func lifetime(l line) (time.Duration, error) {
	if l.text("ttl") == "ever" {
		return rdb.Forever, nil
	}
	n, err := l.number("ttl")
	if int64(n) > int64(1<<63-1)/int64(time.Millisecond) {
		return 1<<63 - 1, err
	}
	return time.Duration(n) * time.Millisecond, err
}

func momentFacts(name string, t time.Time, err error) (facts, error) {
	if err != nil || t.IsZero() {
		return facts{name: uint64(0)}, err
	}
	return facts{name: uint64(t.UnixMilli())}, nil
}

func onTTL(f func(r *runner, t *table, l line) (facts, error)) operation {
	return onTable(func(r *runner, t *table, l line) (facts, error) {
		if t.ttl == nil {
			return nil, errors.New("the table's values do not expire")
		}
		return f(r, t, l)
	})
}

func init() {
	operations["ttl_open"] = ttlOpen
	operations["ttl_open_raw"] = ttlOpen
	operations["clock_set"] = onDB(func(db *rdb.DB, l line) (facts, error) {
		if !l.has("now") {
			return nil, db.SetClock(time.Time{})
		}
		n, err := l.number("now")
		if err != nil {
			return nil, err
		}
		return nil, db.SetClock(time.UnixMilli(int64(n)))
	})
	operations["clock_now"] = onDB(func(db *rdb.DB, l line) (facts, error) {
		now, err := db.Now()
		if err == nil && l.has("above") {
			above, err := l.number("above")
			if err != nil || now.UnixMilli() < int64(above) {
				return nil, fmt.Errorf("the clock says %v", now)
			}
		}
		return momentFacts("now", now, err)
	})
	operations["ttl_set_default"] = onTTL(func(_ *runner, t *table, l line) (facts, error) {
		ttl, err := lifetime(l)
		if err != nil {
			return nil, err
		}
		return nil, t.ttl.SetDefaultTTL(ttl)
	})
	operations["ttl_default"] = onTTL(func(_ *runner, t *table, _ line) (facts, error) {
		ttl, err := t.ttl.DefaultTTL()
		if ttl == rdb.Forever {
			return facts{"ttl": "ever"}, err
		}
		return facts{"ttl": uint64(ttl.Milliseconds())}, err
	})
	operations["ttl_put"] = onTTL(func(_ *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key", "value")
		ttl, err2 := lifetime(l)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return nil, t.ttl.PutFor(given[0], given[1], ttl, flagsOf(l)...)
	})
	operations["ttl_touch"] = onTTL(func(_ *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key")
		ttl, err2 := lifetime(l)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return nil, unlessFound(t.ttl.Touch(given[0], ttl))
	})
	operations["ttl_expiry"] = onTTL(func(_ *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key")
		if err != nil {
			return nil, err
		}
		expiry, err := t.ttl.Expiry(given[0])
		return momentFacts("expiry", expiry, err)
	})
	operations["cursor_expiry"] = onCursor(func(c *cursor, _ line) (facts, error) {
		expiry, err := c.Expiry()
		return momentFacts("expiry", expiry, err)
	})
	operations["ttl_live_count"] = onTTL(func(r *runner, t *table, l line) (facts, error) {
		ctx, err := r.context(l)
		if err != nil {
			return nil, err
		}
		n, err := t.ttl.LiveCount(ctx)
		return facts{"count": n}, err
	})
	operations["ttl_purge"] = onTTL(func(r *runner, t *table, l line) (facts, error) {
		ctx, err := r.context(l)
		var after []byte
		var most int
		var err2, err3 error
		if l.has("after") {
			after, err2 = t.key.encode(l["after"])
		}
		if l.has("max") {
			most, err3 = l.number("max")
		}
		if err := errors.Join(err, err2, err3); err != nil {
			return nil, err
		}
		step, err := t.ttl.Purge(ctx, after, uint64(most))
		gives := facts{"examined": step.Examined, "removed": step.Removed, "last": nil}
		if err == nil && step.Position == nil {
			return gives, ended(rdb.StatusEnd)
		}
		if err == nil {
			gives["last"] = stored{step.Position, t.key}
		}
		return gives, err
	})
}
