package rdb

// TypedTable is a table whose keys and values are Go values.
//
//	ages := rdb.TableOf(tx, "ages", rdb.String, rdb.Uint64)
//	err := ages.Put("ada", 36)
//	age, err := ages.Get("ada")
type TypedTable[K, V any] struct {
	table *Table
	key   Codec[K]
	value Codec[V]
}

// TableOf gives a table of the codecs' types, as [Tx.Table] does.
func TableOf[K, V any](tx *Tx, name string, key Codec[K], value Codec[V]) *TypedTable[K, V] {
	return Typed(tx.table(name, key.Type(), value.Type()), key, value)
}

// Typed puts codecs over a table that is open.
func Typed[K, V any](table *Table, key Codec[K], value Codec[V]) *TypedTable[K, V] {
	return &TypedTable[K, V]{table, key, value}
}

// Table is the table of bytes behind.
func (t *TypedTable[K, V]) Table() *Table { return t.table }

// Get reads the value of key; [ErrNotFound] when there is none.
func (t *TypedTable[K, V]) Get(key K) (value V, err error) {
	stored, err := t.key.Append(nil, key)
	if err != nil {
		return value, err
	}
	if stored, err = t.table.Get(stored); err != nil {
		return value, err
	}
	return t.value.Decode(stored)
}

// Contains tells whether key is there.
func (t *TypedTable[K, V]) Contains(key K) (bool, error) {
	stored, err := t.key.Append(nil, key)
	if err != nil {
		return false, err
	}
	return t.table.Contains(stored)
}

// Put stores value under key, replacing what was there unless a flag forbids it.
func (t *TypedTable[K, V]) Put(key K, value V, flags ...PutFlag) error {
	storedKey, storedValue, err := t.pair(key, value)
	if err != nil {
		return err
	}
	return t.table.Put(storedKey, storedValue, flags...)
}

func (t *TypedTable[K, V]) pair(key K, value V) (storedKey, storedValue []byte, err error) {
	if storedKey, err = t.key.Append(nil, key); err == nil {
		storedValue, err = t.value.Append(nil, value)
	}
	return storedKey, storedValue, err
}

// Delete deletes key and tells whether it was there.
func (t *TypedTable[K, V]) Delete(key K) (deleted bool, err error) {
	stored, err := t.key.Append(nil, key)
	if err != nil {
		return false, err
	}
	return t.table.Delete(stored)
}

// PopFirst takes the first record out of the table; [ErrNotFound] when it is empty.
func (t *TypedTable[K, V]) PopFirst() (key K, value V, err error) {
	return t.decode(t.table.PopFirst())
}

// PopLast takes the last record out of the table; [ErrNotFound] when it is empty.
func (t *TypedTable[K, V]) PopLast() (key K, value V, err error) {
	return t.decode(t.table.PopLast())
}

func (t *TypedTable[K, V]) decode(storedKey, storedValue []byte, failed error) (key K, value V, err error) {
	if failed != nil {
		return key, value, failed
	}
	if key, err = t.key.Decode(storedKey); err != nil {
		return key, value, err
	}
	value, err = t.value.Decode(storedValue)
	return key, value, err
}

// AddTo adds a record to a batch for PutBatch of the table behind.
func (t *TypedTable[K, V]) AddTo(batch *Batch, key K, value V) error {
	storedKey, storedValue, err := t.pair(key, value)
	if err != nil {
		return err
	}
	batch.Put(storedKey, storedValue)
	return nil
}

// GetBatch reads the values of many keys in one call, in their order; nil where there is none.
func (t *TypedTable[K, V]) GetBatch(keys []K) ([]*V, error) {
	storedKeys, err := t.encode(keys)
	if err != nil {
		return nil, err
	}
	found, err := t.table.GetBatch(storedKeys)
	if err != nil {
		return nil, err
	}
	values := make([]*V, len(found))
	for i, stored := range found {
		if stored == nil {
			continue
		}
		value, err := t.value.Decode(stored)
		if err != nil {
			return nil, err
		}
		values[i] = &value
	}
	return values, nil
}

// DeleteBatch deletes keys and tells how many were there.
func (t *TypedTable[K, V]) DeleteBatch(keys []K) (deleted uint64, err error) {
	storedKeys, err := t.encode(keys)
	if err != nil {
		return 0, err
	}
	return t.table.DeleteBatch(storedKeys)
}

func (t *TypedTable[K, V]) encode(keys []K) ([][]byte, error) {
	stored := make([][]byte, len(keys))
	for i, key := range keys {
		var err error
		if stored[i], err = t.key.Append(nil, key); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// Len is the number of entries.
func (t *TypedTable[K, V]) Len() (uint64, error) { return t.table.Len() }

// Between is the range of the keys from lower up to and without upper; nil means no limit.
func (t *TypedTable[K, V]) Between(lower, upper *K) (r Range, err error) {
	if lower != nil {
		if r.Lower, err = t.key.Append([]byte{}, *lower); err != nil {
			return Range{}, err
		}
	}
	if upper != nil {
		r.Upper, err = t.key.Append([]byte{}, *upper)
	}
	return r, err
}

// Each calls f with the entries of a range until f answers an error, which it returns.
func (t *TypedTable[K, V]) Each(r Range, f func(key K, value V) error) error {
	it := t.table.iterate(r)
	defer it.Close()
	for it.Next() {
		key, value, err := t.decode(it.Key(), it.Value(), nil)
		if err == nil {
			err = f(key, value)
		}
		if err != nil {
			return err
		}
	}
	return it.Err()
}
