package rdb

import "rdb.example/rdb/internal/raw"

// Status is the result of a call: zero is success, a positive number an ordinary outcome, a negative
// one an error. New ones may appear within a hundred: treat an unknown one like its hundred.
type Status int32

// Outcomes.
const (
	StatusOK        Status = 0 // done
	StatusNotFound  Status = 1 // no such key, table, entry
	StatusEnd       Status = 2 // the cursor ran past the last or first entry
	StatusExists    Status = 3 // insert only, and the key is there
	StatusMore      Status = 4 // the buffer is too small; the size needed was stored
	StatusStopped   Status = 5 // a callback asked to stop
	StatusDifferent Status = 6 // the stored value is not the one expected
)

// -1xx: the caller's mistake.
const (
	StatusMisuse                 Status = -100 // NULL, wrong order, wrong kind of transaction
	StatusBadHandle              Status = -101 // handle of another kind, or released
	StatusClosed                 Status = -102 // its transaction or database is over
	StatusUnknownOption          Status = -103 // no option of that name
	StatusStructTooNew           Status = -104 // a struct asks for something unknown here
	StatusLibraryTooOld          Status = -105 // the header is newer than the library
	StatusUnsupported            Status = -106 // feature not in this build
	StatusInvalidArgument        Status = -107 // value out of its domain
	StatusUnsupportedCombination Status = -108 // each is fine, both together are refused
	StatusReservedName           Status = -109 // table name kept for the library
	StatusInvalidConfig          Status = -110 // options contradict each other or the file
	StatusCallback               Status = -111 // a callback answered nonsense
)

// -2xx: tables.
const (
	StatusTableMissing     Status = -200 // no table of that name
	StatusTableExists      Status = -201 // the new name is taken
	StatusTableType        Status = -202 // stored under other key or value types
	StatusTableIsMultimap  Status = -203 // several values a key; not a plain table
	StatusTableNotMultimap Status = -204 // the reverse
	StatusTableOpen        Status = -205 // already open in this write transaction
	StatusTooLarge         Status = -206 // key or value above the format's limit
	StatusTypeChanged      Status = -207 // same type name, other width
	StatusUnknownKeyType   Status = -208 // order of keys unknown: read in stored order
	StatusMergeWidth       Status = -209 // a merge made a value of the wrong length
)

// -3xx: concurrency.
const (
	StatusBusy        Status = -300 // transactions are open
	StatusAlreadyOpen Status = -301 // the file is open in this or another process
	StatusLockTimeout Status = -302 // another writer stayed longer than the caller would wait
	StatusForked      Status = -303 // the handle belongs to the parent process
	StatusCancelled   Status = -304 // an rdb_cancel was triggered
)

// -4xx: storage device.
const (
	StatusIO         Status = -400 // the system refused; os_errno says why
	StatusOutOfSpace Status = -401 // device or quota full
	StatusPreviousIO Status = -402 // an earlier failure stopped this database; open it anew
	StatusReadOnly   Status = -403 // opened for reading, or a read-only file
)

// -5xx: file content.
const (
	StatusCorrupted        Status = -500 // damaged; position may name a page
	StatusPageCorrupted    Status = -501 // one page is damaged; position names it
	StatusFormat           Status = -502 // not a database file, or one of an unknown format
	StatusUpgradeRequired  Status = -503 // written by a program too old to be read
	StatusRecoveryRequired Status = -504 // a commit failed halfway; the next open decides
	StatusRepairAborted    Status = -505 // opening needed a repair, which was stopped
)

// -6xx: memory.
const (
	StatusNoMemory     Status = -600 // the allocator refused
	StatusMemoryBudget Status = -601 // the database's own budget is exhausted
)

// -9xx: a mistake of the library.
const (
	StatusInternal Status = -900 // please report it
)

// String is the constant's name in rdb.h, "RDB_NOT_FOUND" for 1, or RDB_UNKNOWN or RDB_ERR_UNKNOWN.
func (s Status) String() string {
	return text(func(room []byte) int64 { return raw.StatusNameText(int(s), room) })
}

// Hundred is the group a status belongs to: -400 for StatusOutOfSpace, 0 for outcomes.
func (s Status) Hundred() Status { return s / 100 * 100 }
