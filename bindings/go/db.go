package rdb

import (
	"context"
	"runtime"
	"sync"
	"time"

	"rdb.example/rdb/internal/raw"
)

// DB is an open database. Any number of goroutines may use it.
type DB struct {
	// writer has room for one: whoever put something in may begin a write transaction. The library
	// has a lock of its own, but waiting for that would hold a thread.
	writer   chan struct{}
	blocking chan struct{} // room for as many as may be inside blocking calls; nil: no limit
	origin   origin

	mu     sync.Mutex
	left   sync.Cond // on mu: inside fell to zero, or the database was closed
	inside int       // calls under way
	handle int64     // 0: closed
}

// Open opens the database in the file at path, or creates one.
//
// A file that was not closed cleanly is repaired first, which may take as long as reading it;
// [DB.Recovery] tells. While a file is open for writing it cannot be opened again, by this or another
// process: [ErrAlreadyOpen].
func Open(path string, options ...Option) (*DB, error) {
	return open(options, func(opts int64, d *raw.Detail) int64 { return raw.Open([]byte(path), opts, d) })
}

// OpenMemory makes a database in memory, gone when it is closed.
func OpenMemory(options ...Option) (*DB, error) { return open(options, raw.OpenMemory) }

func open(options []Option, call func(opts int64, d *raw.Detail) int64) (*DB, error) {
	if err := CheckABI(raw.HeaderABI); err != nil {
		return nil, err
	}
	var c config
	for _, option := range options {
		option(&c)
	}
	if c.blockingLimit < 0 {
		return nil, invalid("the limit of blocking calls is negative")
	}
	var opts int64
	if _, err := try(func(d *raw.Detail) { opts = raw.OptionsCreate(d) }); err != nil {
		return nil, err
	}
	defer raw.OptionsFree(opts)
	for _, pair := range c.texts {
		name, value := []byte(pair[0]), []byte(pair[1])
		if _, err := try(func(d *raw.Detail) { raw.OptionsSet(opts, name, value, d) }); err != nil {
			return nil, err
		}
	}
	db := &DB{writer: make(chan struct{}, 1), origin: here()}
	db.left.L = &db.mu
	if c.blockingLimit > 0 {
		db.blocking = make(chan struct{}, c.blockingLimit)
	}
	l := longCall{ctx: c.ctx, progress: c.progress}
	_, err := l.run(func(l *longCall, d *raw.Detail) {
		raw.OptionsSetCancel(opts, l.cancel)
		raw.OptionsSetProgress(opts, l.fn, l.arg, 0)
		db.handle = call(opts, d)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(db, (*DB).forget)
	return db, nil
}

// enter begins a call; leave must follow. It answers 0 when the database is closed.
func (db *DB) enter() int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.handle != 0 {
		db.inside++
	}
	return db.handle
}

func (db *DB) leave() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.inside--
	if db.inside == 0 {
		db.left.Broadcast()
	}
}

// call makes a call with the handle.
func (db *DB) call(ctx context.Context, progress Progress, f func(handle int64, l *longCall, d *raw.Detail)) (Status, error) {
	handle := db.enter()
	if handle == 0 {
		return StatusClosed, closed("database")
	}
	defer db.leave()
	l := longCall{ctx: ctx, progress: progress}
	return l.run(func(l *longCall, d *raw.Detail) { f(handle, l, d) })
}

// block takes one of the places for blocking calls; unblock must follow when it succeeds.
func (db *DB) block(ctx context.Context) error {
	if db.blocking == nil {
		return nil
	}
	select {
	case db.blocking <- struct{}{}:
		return nil
	default:
	}
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	select {
	case db.blocking <- struct{}{}:
		return nil
	case <-done:
		return cancelled(ctx)
	}
}

func (db *DB) unblock() {
	if db.blocking != nil {
		<-db.blocking
	}
}

// Close makes the last commits durable and leaves a file that opens without repair. It waits for calls
// under way. While transactions are open it answers [ErrBusy], and the database stays open; after any
// other error it is closed all the same. Closing what is closed does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	for db.handle != 0 && db.inside > 0 {
		db.left.Wait()
	}
	if db.handle == 0 {
		return nil
	}
	status, err := try(func(d *raw.Detail) { raw.Close(db.handle, d) })
	if status != StatusBusy {
		db.gone()
	}
	return err
}

// CloseDeferred closes the database although transactions may be open: they answer [ErrClosed] from
// now on, and the file is closed when the last of them has ended. What fails then cannot be reported.
func (db *DB) CloseDeferred() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for db.handle != 0 && db.inside > 0 {
		db.left.Wait()
	}
	if db.handle != 0 {
		raw.CloseDeferred(db.handle)
		db.gone()
	}
}

func (db *DB) gone() {
	db.handle = 0
	db.left.Broadcast()
	runtime.SetFinalizer(db, nil)
}

// forget is the finaliser.
func (db *DB) forget() {
	db.origin.leaked("database")
	db.CloseDeferred()
}

// TxOption is a choice for a write transaction; read transactions look at none.
type TxOption func(*txConfig)

type txConfig struct {
	durability            Durability
	twoPhase, quickRepair bool
	limited               bool
	timeout               time.Duration
}

// Durability says when a commit's changes survive a crash. They are visible at once either way.
type Durability uint32

const (
	Immediate Durability = 0 // when Commit returns
	None      Durability = 1 // with the next durable commit or clean close
)

// WithDurability is as [Tx.SetDurability].
func WithDurability(d Durability) TxOption { return func(c *txConfig) { c.durability = d } }

// WithTwoPhase is as [Tx.SetTwoPhase].
func WithTwoPhase() TxOption { return func(c *txConfig) { c.twoPhase = true } }

// WithQuickRepair is as [Tx.SetQuickRepair].
func WithQuickRepair() TxOption { return func(c *txConfig) { c.quickRepair = true } }

// WithLockTimeout limits the wait for another writer; then Begin answers [ErrLockTimeout]. 0 means not
// to wait at all. Without this option it waits until ctx is done.
func WithLockTimeout(timeout time.Duration) TxOption {
	return func(c *txConfig) { c.limited, c.timeout = true, timeout }
}

// Begin begins a transaction, which Commit or Rollback must end; see [DB.View] and [DB.Update] for
// forms that do it themselves. A writer waits for the writer before it, until ctx is done. Iterators
// of the transaction stop when ctx is done.
func (db *DB) Begin(ctx context.Context, writable bool, options ...TxOption) (*Tx, error) {
	if ctx.Err() != nil {
		return nil, cancelled(ctx)
	}
	var c txConfig
	for _, option := range options {
		option(&c)
	}
	s := &txState{db: db, writable: writable, origin: here()}
	if ctx.Done() != nil {
		s.ctx = ctx
	}
	kind := 0
	if writable {
		kind = 1
		if err := db.lockWriter(ctx, &c); err != nil {
			return nil, err
		}
	}
	flag := map[bool]int{true: 1}
	_, err := db.call(nil, nil, func(handle int64, _ *longCall, d *raw.Detail) {
		s.handle = raw.TxnBegin(handle, kind, waitForever, 0, int(c.durability), flag[c.twoPhase],
			flag[c.quickRepair], 0, d)
	})
	if err != nil {
		if writable {
			<-db.writer
		}
		return nil, err
	}
	runtime.SetFinalizer(s, (*txState).forget)
	return &Tx{state: s}, nil
}

// waitForever is RDB_WAIT_FOREVER: whoever holds a place in DB.writer finds no other writer, except
// one that is just leaving.
const waitForever = 0

func (db *DB) lockWriter(ctx context.Context, c *txConfig) error {
	select {
	case db.writer <- struct{}{}:
		return nil
	default:
	}
	var expired <-chan time.Time
	if c.limited {
		if c.timeout <= 0 {
			return &Error{Status: StatusLockTimeout, Position: NoPosition, Msg: "another writer is active"}
		}
		timer := time.NewTimer(c.timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case db.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return cancelled(ctx)
	case <-expired:
		return &Error{Status: StatusLockTimeout, Position: NoPosition,
			Msg: "another writer was active for longer than " + c.timeout.String()}
	}
}

// View runs f in a read transaction, which ends when f returns or panics.
func (db *DB) View(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := db.Begin(ctx, false)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return f(tx)
}

// Update runs f in a write transaction. It commits when f returns nil and ctx is not done, and
// otherwise takes back what f did, also when f panics.
func (db *DB) Update(ctx context.Context, f func(tx *Tx) error, options ...TxOption) error {
	tx, err := db.Begin(ctx, true, options...)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	return tx.Commit()
}
