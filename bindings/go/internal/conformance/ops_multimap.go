package main

import (
	"errors"

	"rdb.example/rdb"
)

// multimap is a "table" of the scripts that has several values a key.
type multimap struct {
	*rdb.Multimap
	key, value form
}

// onPairs are the operations of tables as multimaps do them.
var onPairs = map[string]func(r *runner, m *multimap, l line) (facts, error){
	"table_close": func(r *runner, m *multimap, l line) (facts, error) { return nil, m.Close() },
	"table_describe": func(r *runner, m *multimap, l line) (facts, error) {
		info, err := m.Info()
		return infoFacts(info), err
	},
	"table_len": func(r *runner, m *multimap, l line) (facts, error) {
		n, err := m.Len()
		return facts{"count": n}, err
	},
	"table_stats": func(r *runner, m *multimap, l line) (facts, error) {
		ctx, err := r.context(l)
		if err != nil {
			return nil, err
		}
		stats, err := m.Stats(ctx)
		return numbers(stats), err
	},
	"contains": withKey(func(m *multimap, key []byte) (facts, error) {
		return nil, unlessFound(m.Contains(key))
	}),
	"put": withPair(func(m *multimap, key, value []byte) (facts, error) {
		added, err := m.Put(key, value)
		if err == nil && !added {
			err = rdb.ErrExists
		}
		return nil, err
	}),
	"delete": withKey(func(m *multimap, key []byte) (facts, error) {
		return nil, unlessFound(m.DeleteKey(key))
	}),
	"put_batch": putPairs, "put_batch_packed": putPairs,
	"delete_batch": deleteKeys, "delete_batch_packed": deleteKeys,
	"scan":        scanPairs,
	"cursor_open": openPairCursor,
	"multimap_key_count": func(r *runner, m *multimap, l line) (facts, error) {
		n, err := m.Keys()
		return facts{"count": n}, err
	},
	"multimap_value_count": withKey(func(m *multimap, key []byte) (facts, error) {
		n, err := m.Count(key)
		if err == nil && n == 0 {
			err = rdb.ErrNotFound
		}
		return facts{"count": n}, err
	}),
	"multimap_get": withKey(func(m *multimap, key []byte) (facts, error) {
		found, err := m.Get(key)
		values := []any{}
		for _, value := range found {
			values = append(values, stored{value, m.value})
		}
		return facts{"values": values}, err
	}),
	"multimap_contains": withPair(func(m *multimap, key, value []byte) (facts, error) {
		return nil, unlessFound(m.Has(key, value))
	}),
	"multimap_delete": withPair(func(m *multimap, key, value []byte) (facts, error) {
		return nil, unlessFound(m.Delete(key, value))
	}),
	"multimap_delete_batch": deletePairs, "multimap_delete_batch_packed": deletePairs,
	"multimap_drain": func(r *runner, m *multimap, l line) (facts, error) {
		bounds, err := rangeOf(l, m.key)
		if err != nil {
			return nil, err
		}
		n, err := m.Drain(bounds)
		return facts{"count": n}, err
	},
}

// addMultimaps puts these operations over those of plain tables, which must be there.
func addMultimaps() {
	for name := range onPairs {
		name, plain := name, operations[name]
		operations[name] = func(r *runner, l line) (facts, error) {
			if m, ok := r.live["table "+l.text("table")].(*multimap); ok {
				return onPairs[name](r, m, l)
			}
			if plain == nil {
				return nil, errors.New("the table is no multimap")
			}
			return plain(r, l)
		}
	}
	operations["multimap_open"] = multimapOpen
	operations["multimap_open_raw"] = multimapOpen
	for name, move := range map[string]func(c *rdb.MultimapCursor) bool{
		"cursor_next_key":    (*rdb.MultimapCursor).NextKey,
		"cursor_prev_key":    (*rdb.MultimapCursor).PrevKey,
		"cursor_next_value":  (*rdb.MultimapCursor).NextValue,
		"cursor_prev_value":  (*rdb.MultimapCursor).PrevValue,
		"cursor_first_value": (*rdb.MultimapCursor).FirstValue,
		"cursor_last_value":  (*rdb.MultimapCursor).LastValue,
	} {
		move := move
		operations[name] = onCursor(func(c *cursor, l line) (facts, error) {
			return c.arrived(move(c.pairs), rdb.StatusEnd)
		})
	}
	operations["cursor_seek_pair"] = onCursor(func(c *cursor, l line) (facts, error) {
		key, err := c.key.encode(l["key"])
		value, err2 := c.value.encode(l["value"])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return c.arrived(c.pairs.SeekPair(key, value), rdb.StatusNotFound)
	})
	operations["cursor_value_count"] = onCursor(func(c *cursor, l line) (facts, error) {
		n, err := c.pairs.Count()
		if err == nil && n == 0 {
			err = rdb.ErrNotFound
		}
		return facts{"count": n}, err
	})
}

func withKey(f func(m *multimap, key []byte) (facts, error)) func(*runner, *multimap, line) (facts, error) {
	return func(r *runner, m *multimap, l line) (facts, error) {
		key, err := m.key.encode(l["key"])
		if err != nil {
			return nil, err
		}
		return f(m, key)
	}
}

func withPair(f func(m *multimap, key, value []byte) (facts, error)) func(*runner, *multimap, line) (facts, error) {
	return func(r *runner, m *multimap, l line) (facts, error) {
		key, err := m.key.encode(l["key"])
		value, err2 := m.value.encode(l["value"])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return f(m, key, value)
	}
}

func multimapOpen(r *runner, l line) (facts, error) {
	tx, err := handle[*rdb.Tx](r, l, "txn")
	name, err2 := name(l, "name")
	key, keyForm, err3 := typeOf(l["key_type"])
	value, valueForm, err4 := typeOf(l["value_type"])
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return nil, err
	}
	var opened *rdb.Multimap
	if l.text("op") == "multimap_open_raw" {
		opened, err = tx.OpenMultimapRaw(name)
	} else {
		opened, err = tx.OpenMultimap(name, key, value)
	}
	return made(r, l, "table", &multimap{opened, keyForm, valueForm}, err)
}

// batchOf packs the rows of a line.
func (m *multimap) batchOf(l line) (*rdb.Batch, error) {
	rows, err := rowsOf(l["rows"])
	if err != nil {
		return nil, err
	}
	var batch rdb.Batch
	for _, row := range rows {
		key, err := m.key.encode(row[0])
		value, err2 := m.value.encode(row[1])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		batch.Put(key, value)
	}
	return &batch, nil
}

func putPairs(r *runner, m *multimap, l line) (facts, error) {
	batch, err := m.batchOf(l)
	if err != nil {
		return nil, err
	}
	n, err := m.PutBatch(batch)
	return facts{"count": n}, err
}

func deletePairs(r *runner, m *multimap, l line) (facts, error) {
	batch, err := m.batchOf(l)
	if err != nil {
		return nil, err
	}
	n, err := m.DeleteBatch(batch)
	return facts{"count": n}, err
}

func deleteKeys(r *runner, m *multimap, l line) (facts, error) {
	keys, err := (&table{key: m.key}).keys(l)
	if err != nil {
		return nil, err
	}
	n, err := m.DeleteKeys(keys)
	return facts{"count": n}, err
}

func scanPairs(r *runner, m *multimap, l line) (facts, error) {
	bounds, limit, err := scanOf(l, m.key)
	if err != nil {
		return nil, err
	}
	return walk(m.Iterate(bounds), limit, m.key, m.value)
}

func openPairCursor(r *runner, m *multimap, l line) (facts, error) {
	c, err := m.Cursor()
	if err != nil {
		return made(r, l, "cursor", nil, err)
	}
	return made(r, l, "cursor", &cursor{c.Cursor, m.key, m.value, c}, nil)
}
