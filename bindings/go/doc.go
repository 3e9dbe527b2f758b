// Package rdb is an embedded, transactional key-value database in one file.
//
//	db, err := rdb.Open("people.rdb")
//	...
//	defer db.Close()
//	err = db.Update(ctx, func(tx *rdb.Tx) error {
//		return tx.Table("born").Put([]byte("ada"), []byte("1815"))
//	})
//	err = db.View(ctx, func(tx *rdb.Tx) error {
//		year, err := tx.Table("born").Get([]byte("ada"))
//		...
//	})
//
// There is one writer at a time and any number of readers; each reader sees the database as it was
// when its transaction began, and nobody waits for a reader.
//
// # Goroutines
//
// No object belongs to the goroutine that made it. A [DB], a read transaction and its tables, and a
// [Pinned] may be used by any number of goroutines at once. A write transaction and its tables may be
// too, but take turns. An [Iterator], a [Cursor] and a [Batch] belong to one goroutine at a time.
// Waiting for another writer costs no thread; see [WithBlockingLimit] for what does.
//
// # Bytes
//
// What a call is given is copied before it returns, and what it gives is the caller's, with three
// exceptions, each mentioned where it is: the key and value of an iterator or cursor are valid until
// its next step (use [bytes.Clone] to keep them), and the bytes of a [Pinned] until its Close.
//
// # Errors
//
// Errors are *[Error] and match the sentinels of this package with [errors.Is]; those of the
// operating system are found with [errors.As] as a [syscall.Errno], and a call that a context stopped
// matches [context.Canceled] or [context.DeadlineExceeded].
//
// # Closing
//
// Close and Rollback may be called twice, and while other goroutines are inside a call; after it every
// call answers [ErrClosed]. What is forgotten without being closed is released by the garbage
// collector at a time of its choice. Built with the tag rdb_leaks the package then reports where it
// was made.
package rdb
