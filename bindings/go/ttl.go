package rdb

import (
	"bytes"
	"context"
	"math"
	"time"

	"rdb.example/rdb/internal/raw"
)

// Forever is the lifetime of values that do not expire.
const Forever time.Duration = -1

// TTLTable is a table whose values expire. A record that has expired is not there for anything that reads
// or writes records; Len and Stats go on counting it until it is overwritten, deleted or purged, and
// nothing is purged by itself. Moments are of the database's clock (see [DB.SetClock]), which is read for
// each call, not for each transaction.
//
// A lifetime is [Forever] or not negative; what is less than a millisecond counts as a whole one. A moment
// beyond the last one that can be stored becomes that.
type TTLTable struct {
	*Table
}

// TTLTable gives a table of byte strings that expire, which a write transaction creates when it is missing.
// It is opened once in a transaction and then given again. What goes wrong is the error of every call on it.
func (tx *Tx) TTLTable(name string) *TTLTable {
	return &TTLTable{tx.once(&tx.ttlTables, name, Type{}, Type{}, func() (*Table, error) {
		t, err := tx.OpenTTL(name, Type{}, Type{})
		if err != nil {
			return nil, err
		}
		return t.Table, nil
	})}
}

// OpenTTL opens a table whose values expire, as [Tx.OpenTable] opens tables; value is the type without the
// expiry. [ErrTableType] for a table whose values do not expire.
func (tx *Tx) OpenTTL(name string, key, value Type) (*TTLTable, error) {
	t, err := tx.openTyped(raw.TtlOpen, name, key, value)
	if err != nil {
		return nil, err
	}
	return &TTLTable{t}, nil
}

// OpenTTLRaw opens such a table whatever its types are, as [Tx.OpenTableRaw] does tables.
func (tx *Tx) OpenTTLRaw(name string) (*TTLTable, error) {
	t, err := tx.openRaw(raw.TtlOpenRaw, name)
	if err != nil {
		return nil, err
	}
	return &TTLTable{t}, nil
}

// milliseconds of a lifetime, as the library counts them.
func milliseconds(ttl time.Duration) (int64, error) {
	if ttl == Forever {
		return -1, nil // all bits set
	}
	if ttl < 0 {
		return 0, invalid("a lifetime is negative")
	}
	n := ttl.Milliseconds()
	if ttl%time.Millisecond != 0 {
		n++
	}
	return n, nil
}

// moment of a number of milliseconds since 1970 began; 0, which stands for never, gives the zero Time.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	if n < 0 { // beyond what time.UnixMilli takes
		n = math.MaxInt64
	}
	return time.UnixMilli(n)
}

// SetDefaultTTL sets how long values live that calls without a lifetime write from now on, batches among
// them; at first [Forever]. Of this table object; not stored.
func (t *TTLTable) SetDefaultTTL(ttl time.Duration) error {
	ms, err := milliseconds(ttl)
	if err != nil {
		return err
	}
	_, err = t.call(func(handle int64, d *raw.Detail) { raw.TtlSetDefault(handle, ms, d) })
	return err
}

// DefaultTTL tells what SetDefaultTTL set.
func (t *TTLTable) DefaultTTL() (time.Duration, error) {
	out := make([]int64, 1)
	if _, err := t.call(func(handle int64, d *raw.Detail) { raw.TtlDefault(handle, out, d) }); err != nil {
		return 0, err
	}
	if out[0] == -1 {
		return Forever, nil
	}
	return time.Duration(out[0]) * time.Millisecond, nil
}

// PutFor stores value under key for a time; flags are as for [Table.Put].
func (t *TTLTable) PutFor(key, value []byte, ttl time.Duration, flags ...PutFlag) error {
	ms, err := milliseconds(ttl)
	if err != nil {
		return err
	}
	key, value = bytes.Clone(key), bytes.Clone(value) // they may be parts of objects with Go pointers
	status, err := t.call(func(handle int64, d *raw.Detail) {
		raw.TtlPut(handle, key, value, ms, int64(flagsOf(flags)), d)
		t.version.Add(1)
	})
	if err != nil {
		return err
	}
	switch status {
	case StatusExists:
		return ErrExists
	case StatusNotFound:
		return ErrNotFound
	}
	return nil
}

// Touch lets the value of key live for a time from now, and tells whether it was there.
func (t *TTLTable) Touch(key []byte, ttl time.Duration) (touched bool, err error) {
	ms, err := milliseconds(ttl)
	if err != nil {
		return false, err
	}
	key = bytes.Clone(key)
	status, err := t.call(func(handle int64, d *raw.Detail) {
		raw.TtlTouch(handle, key, ms, d)
		t.version.Add(1)
	})
	return err == nil && status == StatusOK, err
}

// Expiry tells when the value of key expires, the zero Time: never. [ErrNotFound]: it is not there, or has
// expired.
func (t *TTLTable) Expiry(key []byte) (time.Time, error) {
	out := make([]int64, 1)
	key = bytes.Clone(key)
	status, err := t.call(func(handle int64, d *raw.Detail) { raw.TtlExpiry(handle, key, out, d) })
	if err != nil {
		return time.Time{}, err
	}
	if status == StatusNotFound {
		return time.Time{}, ErrNotFound
	}
	return moment(out[0]), nil
}

// Expiry is that of the record under the cursor, which is over a TTLTable. [ErrNotFound]: there is none.
func (c *Cursor) Expiry() (time.Time, error) {
	out := make([]int64, 1)
	status, err := c.table.state.callChild(c.child, func(handle int64, d *raw.Detail) {
		raw.CursorExpiry(handle, out, d)
	})
	if err != nil {
		return time.Time{}, err
	}
	if status == StatusNotFound {
		return time.Time{}, ErrNotFound
	}
	return moment(out[0]), nil
}

// long makes a call that may take long, until ctx is done.
func (t *TTLTable) long(ctx context.Context, call func(handle, cancel int64, d *raw.Detail)) (Status, error) {
	if err := t.state.db.block(ctx); err != nil {
		return StatusCancelled, err
	}
	defer t.state.db.unblock()
	handle, err := t.enter()
	if err != nil {
		return StatusClosed, err
	}
	defer t.state.leave()
	l := longCall{ctx: ctx}
	return l.run(func(l *longCall, d *raw.Detail) { call(handle, l.cancel, d) })
}

// LiveCount is the number of records that have not expired. It reads the whole table, until ctx is done.
func (t *TTLTable) LiveCount(ctx context.Context) (uint64, error) {
	var n int64
	_, err := t.long(ctx, func(handle, cancel int64, d *raw.Detail) { n = raw.TtlLiveCount(handle, cancel, d) })
	if err != nil {
		return 0, err
	}
	return uint64(n), nil
}

// PurgeStep is what a step of a purge did.
type PurgeStep struct {
	Examined uint64 // records looked at
	Removed  uint64 // of those, expired and gone now
	// Key of the last record looked at, from which the next step goes on; nil: the end was reached.
	Position []byte
}

// Purge looks at up to max records (0: all) behind the key after (nil: from the first) and removes those
// that have expired; a context that is done stops it with nothing removed. A purge in small steps, each in a
// transaction of its own, holds up nobody.
func (t *TTLTable) Purge(ctx context.Context, after []byte, max uint64) (PurgeStep, error) {
	out := make([]int64, 3)
	has := 0
	if after != nil {
		has, after = 1, bytes.Clone(after)
	}
	var position []byte
	_, err := t.long(ctx, func(handle, cancel int64, d *raw.Detail) {
		raw.TtlPurge(handle, has, after, int64(max), cancel, out, d)
		t.version.Add(1)
		if out[0] != 0 {
			position = takeValue(out[0])
		}
	})
	if err != nil {
		return PurgeStep{}, err
	}
	return PurgeStep{uint64(out[1]), uint64(out[2]), position}, nil
}

// Now is the time by which TTL tables go.
func (db *DB) Now() (time.Time, error) {
	out := make([]int64, 1)
	_, err := db.call(nil, nil, func(handle int64, _ *longCall, d *raw.Detail) { raw.ClockNow(handle, out, d) })
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(out[0]), nil
}

// SetClock stops that time at a moment, for tests and for programs that bring a time of their own; the zero
// Time: it runs again. At once and for every transaction; not stored.
func (db *DB) SetClock(now time.Time) error {
	ms := int64(-1) // it runs
	if !now.IsZero() {
		if ms = now.UnixMilli(); ms < 0 {
			return invalid("a moment before 1970")
		}
	}
	_, err := db.call(nil, nil, func(handle int64, _ *longCall, d *raw.Detail) { raw.ClockSet(handle, ms, d) })
	return err
}
