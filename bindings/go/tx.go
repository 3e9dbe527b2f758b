package rdb

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"rdb.example/rdb/internal/raw"
)

// Tx is a transaction. It sees the database as it was when it began, and a writer its own changes too.
type Tx struct {
	state *txState

	mu        sync.Mutex
	tables    map[string]*Table // those that Table opened
	multimaps map[string]*Table // those that Multimap opened
	ttlTables map[string]*Table // those that TTLTable opened
}

// txState is what a transaction, its tables and their cursors share. It points to none of them, so
// that it can have a finaliser.
type txState struct {
	db       *DB
	writable bool
	ctx      context.Context // nil when it can never be done
	origin   origin

	// A reader's calls share mu, a writer's exclude each other, and the end excludes all.
	mu     sync.RWMutex
	handle int64 // 0: over

	// A function of the caller's is running inside a call that holds mu: whoever comes now is refused,
	// since it may be that function, which would wait for itself.
	lent atomic.Bool

	childMu  sync.Mutex
	children map[*child]struct{} // tables and cursors to be released before the transaction
}

// child is a handle that belongs to a transaction, guarded by the transaction's lock.
type child struct {
	handle  int64 // 0: released
	release func(handle int64, d *raw.Detail) int
}

// enter begins a call; leave must follow when it succeeds.
func (s *txState) enter() error {
	if s.lent.Load() {
		return inCallback()
	}
	if s.writable {
		s.mu.Lock()
	} else {
		s.mu.RLock()
	}
	if s.handle == 0 {
		s.leave()
		return closed("transaction")
	}
	return nil
}

func inCallback() error {
	return misuse("a function inside a call on the transaction is running, and nothing else may use it")
}

func (s *txState) leave() {
	if s.writable {
		s.mu.Unlock()
	} else {
		s.mu.RUnlock()
	}
}

// call makes a call with the transaction's handle.
func (s *txState) call(f func(handle int64, d *raw.Detail)) (Status, error) {
	if err := s.enter(); err != nil {
		return StatusClosed, err
	}
	defer s.leave()
	return try(func(d *raw.Detail) { f(s.handle, d) })
}

// adopt notes a new handle; between enter and leave.
func (s *txState) adopt(handle int64, release func(handle int64, d *raw.Detail) int) *child {
	c := &child{handle, release}
	s.childMu.Lock()
	defer s.childMu.Unlock()
	if s.children == nil {
		s.children = map[*child]struct{}{}
	}
	s.children[c] = struct{}{}
	return c
}

// drop releases a handle, when the end of the transaction has not done so. shared: other goroutines
// may be inside calls with that very handle.
func (s *txState) drop(c *child, shared bool) {
	if s.lent.Load() { // the library takes a release at any time
		s.release(c)
		return
	}
	if shared || s.writable {
		s.mu.Lock()
		defer s.mu.Unlock()
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
	}
	s.release(c)
}

func (s *txState) release(c *child) {
	s.childMu.Lock()
	defer s.childMu.Unlock()
	if c.handle == 0 {
		return
	}
	c.release(c.handle, nil)
	c.handle = 0
	delete(s.children, c)
}

// end releases everything. The outcome of finish is the result; over tells that it was called earlier.
func (s *txState) end(finish func(handle int64, d *raw.Detail) int) (over bool, err error) {
	if s.lent.Load() {
		return false, inCallback()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle == 0 {
		return true, nil
	}
	s.childMu.Lock()
	for c := range s.children {
		c.release(c.handle, nil)
		c.handle = 0
	}
	s.children = nil
	s.childMu.Unlock()
	_, err = try(func(d *raw.Detail) { finish(s.handle, d) })
	s.handle = 0
	runtime.SetFinalizer(s, nil)
	if s.writable {
		<-s.db.writer
	}
	return false, err
}

// forget is the finaliser.
func (s *txState) forget() {
	s.origin.leaked("transaction")
	s.end(raw.TxnAbort)
}

// Writable tells whether the transaction can change anything.
func (tx *Tx) Writable() bool { return tx.state.writable }

// Commit makes the changes visible to later transactions and, unless told otherwise, durable. The
// transaction is over whatever the outcome: [ErrRecoveryRequired] means that the next open decides
// between the old and the new state; after any other error nothing changed.
func (tx *Tx) Commit() error {
	if err := tx.state.db.block(nil); err != nil {
		return err
	}
	defer tx.state.db.unblock()
	over, err := tx.state.end(raw.TxnCommit)
	if over {
		return closed("transaction")
	}
	return err
}

// Rollback ends the transaction and takes back what it did. After Commit or Rollback it does nothing,
// so that it can be deferred.
func (tx *Tx) Rollback() error {
	_, err := tx.state.end(raw.TxnAbort)
	return err
}

// ID of a reader: the number of the commit it sees; of a writer: that of its commit to be.
func (tx *Tx) ID() (uint64, error) {
	var id uint64
	_, err := tx.state.call(func(handle int64, d *raw.Detail) { id = uint64(raw.TxnId(handle, d)) })
	if err != nil {
		return 0, err
	}
	return id, nil
}

// SetDurability chooses when the commit's changes survive a crash.
func (tx *Tx) SetDurability(durability Durability) error {
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		raw.TxnSetDurability(handle, int(durability), d)
	})
	return err
}

// SetTwoPhase makes the commit sync twice, so that recovery need not rely on checksums to tell whether
// it was whole.
func (tx *Tx) SetTwoPhase(on bool) error {
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		raw.TxnSetTwoPhase(handle, number(on), d)
	})
	return err
}

// SetQuickRepair stores the state of the page allocator with the commit, in two phases, so that
// opening after a crash reads no pages.
func (tx *Tx) SetQuickRepair(on bool) error {
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		raw.TxnSetQuickRepair(handle, number(on), d)
	})
	return err
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}

// Tables describes the tables, ordered by name; those the library keeps for itself are left out.
func (tx *Tx) Tables() ([]TableInfo, error) {
	var infos []TableInfo
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		infos = takeListing(raw.TableList(handle, d), d)
	})
	if err != nil {
		return nil, err
	}
	return infos, nil
}

// FindTable describes one table; [ErrNotFound] when there is none.
func (tx *Tx) FindTable(name string) (TableInfo, error) {
	var infos []TableInfo
	status, err := tx.state.call(func(handle int64, d *raw.Detail) {
		if listing := raw.TableFind(handle, []byte(name), d); listing != 0 {
			infos = takeListing(listing, d)
		}
	})
	if err != nil {
		return TableInfo{}, err
	}
	if status == StatusNotFound || len(infos) == 0 {
		return TableInfo{}, ErrNotFound
	}
	return infos[0], nil
}

// RenameTable gives a table another name. It must not be open: see [Table.Close].
func (tx *Tx) RenameTable(from, to string) error {
	_, err := tx.state.call(func(handle int64, d *raw.Detail) {
		raw.TableRename(handle, []byte(from), []byte(to), d)
	})
	return err
}

// DeleteTable deletes a table and all it holds, and tells whether it was there. It must not be open:
// see [Table.Close].
func (tx *Tx) DeleteTable(name string) (deleted bool, err error) {
	status, err := tx.state.call(func(handle int64, d *raw.Detail) {
		raw.TableDelete(handle, []byte(name), d)
	})
	return status == StatusOK, err
}
