package main

import (
	"errors"

	"rdb.example/rdb"
)

// filter is the function that a line names: whether a record stays. calls counts its calls.
func filter(t *table, l line, calls *int) func(key, value []byte) (bool, error) {
	return func(key, _ []byte) (bool, error) {
		*calls++
		switch l.text("function") {
		case "even":
			return key[len(key)-1]%2 == 0, nil
		case "stop":
			if *calls == 3 {
				return false, rdb.ErrStopped
			}
		case "raise":
			if *calls == 3 {
				return false, errOwn
			}
		case "reenter":
			if _, err := t.Len(); !errors.Is(err, rdb.ErrMisuse) {
				return false, errors.New("the call on the table was not refused")
			}
			return true, nil
		}
		return false, nil
	}
}

func (t *table) old(value []byte) facts {
	if value == nil {
		return facts{"old": nil}
	}
	return facts{"old": stored{value, t.value}}
}

func (t *table) pair(l line, names ...string) (found [][]byte, err error) {
	for _, name := range names {
		var bytes []byte
		if l.has(name) {
			f := t.value
			if name == "key" {
				f = t.key
			}
			if bytes, err = f.encode(l[name]); err != nil {
				return nil, err
			}
			if bytes == nil {
				bytes = []byte{}
			}
		}
		found = append(found, bytes)
	}
	return found, nil
}

func init() {
	operations["exchange"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key", "value")
		if err != nil {
			return nil, err
		}
		old, err := t.Exchange(given[0], given[1], flagsOf(l)...)
		return t.old(old), err
	})
	operations["take"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key")
		if err != nil {
			return nil, err
		}
		old, err := t.Take(given[0])
		return t.old(old), err
	})
	operations["compare_and_put"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key", "expected", "value")
		if err != nil {
			return nil, err
		}
		return nil, t.CompareAndPut(given[0], given[1], given[2])
	})
	operations["cursor_put"] = onCursor(func(c *cursor, l line) (facts, error) {
		value, err := c.value.encode(l["value"])
		if err != nil {
			return nil, err
		}
		return nil, unlessFound(c.Put(value))
	})
	operations["reserve"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		given, err := t.pair(l, "key", "value")
		if err != nil {
			return nil, err
		}
		reservation, err := t.Reserve(given[0], len(given[1]), flagsOf(l)...)
		if err != nil {
			return nil, err
		}
		defer reservation.Free()
		for _, b := range reservation.Bytes() {
			if b != 0 {
				return nil, errors.New("the memory is not zero")
			}
		}
		copy(reservation.Bytes(), given[1])
		if l.on("give_up") {
			return nil, nil
		}
		return nil, reservation.Store()
	})
	operations["drain"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		bounds, err := rangeOf(l, t.key)
		if err != nil {
			return nil, err
		}
		n, err := t.Drain(bounds)
		return facts{"count": n}, err
	})
	operations["retain"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		bounds, err := rangeOf(l, t.key)
		if err != nil {
			return nil, err
		}
		calls := 0
		n, err := t.Retain(bounds, filter(t, l, &calls))
		return facts{"count": n, "calls": uint64(calls)}, own(err)
	})
	operations["extract"] = onTable(extract)
	operations["table_copy"] = onTable(func(r *runner, t *table, l line) (facts, error) {
		tx, err := handle[*rdb.Tx](r, l, "txn")
		if err != nil {
			return nil, err
		}
		ctx, err := r.context(l)
		if err != nil {
			return nil, err
		}
		n, err := tx.CopyTable(ctx, t.Table, l.text("name"))
		return facts{"count": n}, err
	})
}

func extract(r *runner, t *table, l line) (facts, error) {
	bounds, err := rangeOf(l, t.key)
	if err != nil {
		return nil, err
	}
	bounds.Reverse = l.on("reverse")
	limit := -1
	if l.has("limit") {
		if limit, err = l.number("limit"); err != nil {
			return nil, err
		}
	}
	walk, err := t.Extract(bounds)
	if err != nil {
		return nil, err
	}
	defer walk.Close()
	var found rows
	calls := 0
	stays := filter(t, l, &calls)
	for found.count != limit && walk.Next() {
		if keep, _ := stays(walk.Key(), walk.Value()); keep {
			continue
		}
		if taken, err := walk.Take(); !taken {
			return nil, errors.Join(err, errors.New("nothing was taken"))
		}
		found.add(walk.Key(), walk.Value(), t.key, t.value)
	}
	if walk.Err() != nil {
		return nil, walk.Err()
	}
	n, err := walk.Close()
	if n != uint64(found.count) {
		return nil, errors.New("another number of records was removed")
	}
	return found.facts(), err
}
