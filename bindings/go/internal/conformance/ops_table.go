package main

import (
	"errors"

	"rdb.example/rdb"
)

func init() {
	for name, f := range map[string]func(r *runner, t *table, l line) (facts, error){
		"table_close": func(r *runner, t *table, l line) (facts, error) { return nil, t.Close() },
		"table_describe": func(r *runner, t *table, l line) (facts, error) {
			info, err := t.Info()
			return infoFacts(info), err
		},
		"table_len": func(r *runner, t *table, l line) (facts, error) {
			n, err := t.Len()
			return facts{"count": n}, err
		},
		"table_stats": func(r *runner, t *table, l line) (facts, error) {
			ctx, err := r.context(l)
			if err != nil {
				return nil, err
			}
			stats, err := t.Stats(ctx)
			return numbers(stats), err
		},
		"get": get, "get_into": getInto, "get_pin": getPin, "contains": contains, "put": put, "delete": remove,
		"pop_first": func(r *runner, t *table, l line) (facts, error) { return t.popped(t.PopFirst()) },
		"pop_last":  func(r *runner, t *table, l line) (facts, error) { return t.popped(t.PopLast()) },
		"get_batch": getBatch, "get_batch_packed": getBatch,
		"put_batch": putBatch, "put_batch_packed": putBatch,
		"delete_batch": deleteBatch, "delete_batch_packed": deleteBatch,
		"scan": scan, "cursor_open": cursorOpen,
	} {
		operations[name] = onTable(f)
	}
	for name, move := range map[string]func(c *cursor) bool{
		"cursor_first": func(c *cursor) bool { return c.First() },
		"cursor_last":  func(c *cursor) bool { return c.Last() },
		"cursor_next":  func(c *cursor) bool { return c.Next() },
		"cursor_prev":  func(c *cursor) bool { return c.Prev() },
	} {
		move := move
		operations[name] = onCursor(func(c *cursor, l line) (facts, error) {
			return c.arrived(move(c), rdb.StatusEnd)
		})
	}
	for name, move := range map[string]func(c *cursor, target []byte) bool{
		"cursor_seek":       func(c *cursor, target []byte) bool { return c.Seek(target) },
		"cursor_seek_exact": func(c *cursor, target []byte) bool { return c.SeekExact(target) },
		"cursor_seek_le":    func(c *cursor, target []byte) bool { return c.SeekLE(target) },
	} {
		move := move
		operations[name] = onCursor(func(c *cursor, l line) (facts, error) {
			target, err := c.key.encode(l["key"])
			if err != nil {
				return nil, err
			}
			return c.arrived(move(c, target), rdb.StatusNotFound)
		})
	}
	operations["cursor_get"] = onCursor(func(c *cursor, l line) (facts, error) {
		return c.arrived(c.Here(), rdb.StatusNotFound)
	})
	operations["cursor_close"] = onCursor(func(c *cursor, l line) (facts, error) { return nil, c.Close() })
	operations["cursor_delete"] = onCursor(func(c *cursor, l line) (facts, error) {
		return nil, unlessFound(c.Delete())
	})
	operations["cursor_set_range"] = onCursor(func(c *cursor, l line) (facts, error) {
		bounds, err := rangeOf(l, c.key)
		if err != nil {
			return nil, err
		}
		return nil, c.SetRange(bounds)
	})
	operations["cursor_next_batch"] = onCursor(nextBatch)
	operations["cursor_next_batch_packed"] = onCursor(nextBatch)
	operations["pin_data"] = onPin(func(p *rdb.Pinned) (facts, error) {
		if p.Bytes() == nil {
			return nil, rdb.ErrClosed
		}
		return facts{"value": stored{p.Bytes(), bytesForm}}, nil
	})
	operations["pin_free"] = onPin(func(p *rdb.Pinned) (facts, error) { return nil, p.Close() })
	addMultimaps()
}

func onTable(f func(r *runner, t *table, l line) (facts, error)) operation {
	return func(r *runner, l line) (facts, error) {
		t, err := handle[*table](r, l, "table")
		if err != nil {
			return nil, err
		}
		return f(r, t, l)
	}
}

func onCursor(f func(c *cursor, l line) (facts, error)) operation {
	return func(r *runner, l line) (facts, error) {
		c, err := handle[*cursor](r, l, "cursor")
		if err != nil {
			return nil, err
		}
		return f(c, l)
	}
}

func onPin(f func(p *rdb.Pinned) (facts, error)) operation {
	return func(r *runner, l line) (facts, error) {
		p, err := handle[*rdb.Pinned](r, l, "pin")
		if err != nil {
			return nil, err
		}
		return f(p)
	}
}

func get(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	if err != nil {
		return nil, err
	}
	value, err := t.Get(key)
	return facts{"value": stored{value, t.value}}, err
}

func getInto(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	capacity, err2 := l.number("capacity")
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	room := make([]byte, capacity)
	size, err := t.GetInto(key, room)
	return facts{"size": uint64(size), "value": stored{room[:min(size, capacity)], t.value}}, err
}

func getPin(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	if err != nil {
		return nil, err
	}
	p, err := t.Pin(key)
	return made(r, l, "pin", p, err)
}

func contains(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	if err != nil {
		return nil, err
	}
	return nil, unlessFound(t.Contains(key))
}

func put(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	value, err2 := t.value.encode(l["value"])
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	return nil, t.Put(key, value, flagsOf(l)...)
}

func flagsOf(l line) (flags []rdb.PutFlag) {
	list, _ := l["flags"].([]any)
	for _, flag := range list {
		flags = append(flags, map[any]rdb.PutFlag{"insert_only": rdb.InsertOnly, "update_only": rdb.UpdateOnly}[flag])
	}
	return flags
}

func remove(r *runner, t *table, l line) (facts, error) {
	key, err := t.key.encode(l["key"])
	if err != nil {
		return nil, err
	}
	return nil, unlessFound(t.Delete(key))
}

func (t *table) popped(key, value []byte, err error) (facts, error) {
	return facts{"key": stored{key, t.key}, "value": stored{value, t.value}}, err
}

func (t *table) keys(l line) (keys [][]byte, err error) {
	rows, err := rowsOf(l["keys"])
	for _, row := range rows {
		key, err := t.key.encode(row[0])
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, err
}

func getBatch(r *runner, t *table, l line) (facts, error) {
	keys, err := t.keys(l)
	if err != nil {
		return nil, err
	}
	found, err := t.GetBatch(keys)
	values := []any{}
	for _, value := range found {
		if value == nil {
			values = append(values, nil)
		} else {
			values = append(values, stored{value, t.value})
		}
	}
	return facts{"values": values}, err
}

func (t *table) batch(l line) (*rdb.Batch, error) {
	rows, err := rowsOf(l["rows"])
	if err != nil {
		return nil, err
	}
	batch := new(rdb.Batch)
	for _, row := range rows {
		key, err := t.key.encode(row[0])
		value, err2 := t.value.encode(row[1])
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		batch.Put(key, value)
	}
	return batch, nil
}

func putBatch(r *runner, t *table, l line) (facts, error) {
	batch, err := t.batch(l)
	if err != nil {
		return nil, err
	}
	n, err := t.PutBatch(batch, flagsOf(l)...)
	return facts{"count": n}, err
}

func deleteBatch(r *runner, t *table, l line) (facts, error) {
	keys, err := t.keys(l)
	if err != nil {
		return nil, err
	}
	n, err := t.DeleteBatch(keys)
	return facts{"count": n}, err
}

func rangeOf(l line, f form) (bounds rdb.Range, err error) {
	if l.has("lower") {
		bounds.Lower, err = f.encode(l["lower"])
		bounds.ExcludeLower = l.text("lower_bound") == "excluded"
	}
	if err == nil && l.has("upper") {
		bounds.Upper, err = f.encode(l["upper"])
		bounds.IncludeUpper = l.text("upper_bound") == "included"
	}
	// A bound of no bytes is not the absence of one.
	if bounds.Lower == nil && l.has("lower") {
		bounds.Lower = []byte{}
	}
	if bounds.Upper == nil && l.has("upper") {
		bounds.Upper = []byte{}
	}
	return bounds, err
}

func scan(r *runner, t *table, l line) (facts, error) {
	bounds, limit, err := scanOf(l, t.key)
	if err != nil {
		return nil, err
	}
	return walk(t.Iterate(bounds), limit, t.key, t.value)
}

// scanOf is what a line asks to walk over; limit -1: to the end.
func scanOf(l line, key form) (bounds rdb.Range, limit int, err error) {
	if bounds, err = rangeOf(l, key); err != nil {
		return bounds, 0, err
	}
	if l.has("prefix") {
		prefix, err := bytesOf(l["prefix"])
		if err != nil {
			return bounds, 0, err
		}
		bounds = rdb.Prefix(prefix)
	}
	bounds.Reverse = l.on("reverse")
	limit = -1
	if l.has("limit") {
		limit, err = l.number("limit")
	}
	return bounds, limit, err
}

func walk(it *rdb.Iterator, limit int, key, value form) (facts, error) {
	defer it.Close()
	var found rows
	for found.count != limit && it.Next() {
		found.add(it.Key(), it.Value(), key, value)
	}
	return found.facts(), it.Err()
}

// rows are entries read one after another.
type rows struct {
	count      int
	rows, keys [][]any
}

func (s *rows) add(key, value []byte, keyForm, valueForm form) {
	k := stored{append([]byte{}, key...), keyForm}
	s.rows = append(s.rows, []any{k, stored{append([]byte{}, value...), valueForm}})
	s.keys = append(s.keys, []any{k})
	s.count++
}

func (s *rows) facts() facts {
	return facts{"rows": s.rows, "keys": s.keys, "count": uint64(s.count)}
}

func cursorOpen(r *runner, t *table, l line) (facts, error) {
	c, err := t.Cursor()
	return made(r, l, "cursor", &cursor{c, t.key, t.value, nil}, err)
}

// arrived gives the entry a cursor moved to; absent is the status when there is none.
func (c *cursor) arrived(there bool, absent rdb.Status) (facts, error) {
	if c.Err() != nil {
		return nil, c.Err()
	}
	if !there {
		return nil, ended(absent)
	}
	return facts{"key": stored{c.Key(), c.key}, "value": stored{c.Value(), c.value}}, nil
}

// nextBatch takes single steps: a Cursor has no others, batches are the work of iterators.
func nextBatch(c *cursor, l line) (facts, error) {
	count, err := l.number("count")
	if err != nil {
		return nil, err
	}
	var found rows
	for found.count < count {
		if !c.Next() {
			if c.Err() != nil {
				return nil, c.Err()
			}
			break
		}
		found.add(c.Key(), c.Value(), c.key, c.value)
	}
	if found.count == 0 {
		return found.facts(), ended(rdb.StatusEnd)
	}
	return found.facts(), nil
}
