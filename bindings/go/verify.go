package rdb

import (
	"context"

	"rdb.example/rdb/internal/raw"
)

// Level says how much Verify looks at; each includes the ones before.
type Level uint32

const (
	VerifyHeader    Level = 0 // header and commit slots
	VerifyChecksums Level = 1 // checksum of every page in use
	VerifyFull      Level = 2 // structure of every tree, order of keys, counts, page accounting
)

// Report is what a verification saw.
type Report struct {
	PagesChecked   uint64
	TablesChecked  uint64
	EntriesChecked uint64
	LeakedPages    uint64    // taken, but reachable from nothing: harmless
	Problems       []Problem // empty: all is well
}

// Problem is one finding.
type Problem struct {
	Object  string // where: header, a table, a page ...
	What    string // what is wrong
	Meaning string // what it means for the user
	Page    uint64 // page number; NoPosition when it is not about one
}

// Verify checks the last durable state of the database, while readers and the writer go on, until ctx
// is done. The report says what it found, damage included. progress may be nil.
func (db *DB) Verify(ctx context.Context, level Level, progress Progress) (*Report, error) {
	if err := db.block(ctx); err != nil {
		return nil, err
	}
	defer db.unblock()
	var handle int64
	status, err := db.call(ctx, progress, func(db int64, l *longCall, d *raw.Detail) {
		handle = raw.Verify(db, int(level), l.cancel, l.fn, l.arg, 0, d)
	})
	if err != nil {
		return nil, err
	}
	if status == StatusStopped {
		return nil, ErrStopped
	}
	defer raw.ReportFree(handle)
	return report(handle)
}

func report(handle int64) (*Report, error) {
	n := make([]int64, 5)
	if _, err := try(func(d *raw.Detail) { raw.ReportDescribe(handle, n, d) }); err != nil {
		return nil, err
	}
	r := &Report{
		PagesChecked: uint64(n[0]), TablesChecked: uint64(n[1]), EntriesChecked: uint64(n[2]),
		LeakedPages: uint64(n[3]), Problems: make([]Problem, n[4]),
	}
	d := new(raw.Detail)
	for i := range r.Problems {
		part := func(which int) string {
			return text(func(room []byte) int64 {
				return raw.ReportProblemText(handle, int64(i), which, room, d)
			})
		}
		r.Problems[i] = Problem{Object: part(0), What: part(1), Meaning: part(2)}
		if raw.ReportProblem(handle, int64(i), n[:1], d); d.Status < 0 {
			return nil, failure(d)
		}
		r.Problems[i].Page = uint64(n[0])
	}
	return r, nil
}

// Stats are figures of an open database. Those since open only grow. Pages are base pages.
type Stats struct {
	FileBytes         uint64
	PageBytes         uint64 // size of a base page
	AllocatedPages    uint64 // in use, or held by readers; 0 when opened for reading
	FreePages         uint64
	PendingFreePages  uint64 // wait for readers, pins or a durable commit
	ResidentBytes     uint64 // page memory in use, OpenedBytes included
	PinnedBytes       uint64 // part of it that values and cursors hold
	MemoryBudgetBytes uint64
	LiveReaders       uint64 // open read transactions
	LastTxnID         uint64 // newest commit
	DurableTxnID      uint64 // newest commit that survives a crash
	Commits           uint64 // since open
	BytesWritten      uint64 // since open
	WriteCalls        uint64 // since open
	BytesRead         uint64 // since open
	ReadCalls         uint64 // since open
	Syncs             uint64 // since open
	PagesAllocated    uint64 // since open, handed to transactions
	PagesEvicted      uint64 // since open
	OpenedBytes       uint64 // compressed values that are kept decompressed for the next scan
}

// Stats gives figures of the database.
func (db *DB) Stats() (Stats, error) {
	n := make([]int64, 20)
	_, err := db.call(nil, nil, func(handle int64, _ *longCall, d *raw.Detail) { raw.Stats(handle, n, d) })
	if err != nil {
		return Stats{}, err
	}
	return Stats{
		FileBytes: uint64(n[0]), PageBytes: uint64(n[1]), AllocatedPages: uint64(n[2]),
		FreePages: uint64(n[3]), PendingFreePages: uint64(n[4]), ResidentBytes: uint64(n[5]),
		PinnedBytes: uint64(n[6]), MemoryBudgetBytes: uint64(n[7]), LiveReaders: uint64(n[8]),
		LastTxnID: uint64(n[9]), DurableTxnID: uint64(n[10]), Commits: uint64(n[11]),
		BytesWritten: uint64(n[12]), WriteCalls: uint64(n[13]), BytesRead: uint64(n[14]),
		ReadCalls: uint64(n[15]), Syncs: uint64(n[16]), PagesAllocated: uint64(n[17]),
		PagesEvicted: uint64(n[18]), OpenedBytes: uint64(n[19]),
	}, nil
}

// RecoveryFlags say what an opening met.
type RecoveryFlags uint64

const (
	RecoveryClean       RecoveryFlags = 1 // had been closed cleanly, or was created
	RecoveryFullRepair  RecoveryFlags = 2 // every page was read and checked
	RecoveryOlderCommit RecoveryFlags = 4 // the newest commit did not verify and is lost
	RecoveryMirror      RecoveryFlags = 8 // the header came from the copy at the file's end
)

// Recovery is how the opening went.
type Recovery struct {
	Flags RecoveryFlags
	TxnID uint64   // the commit that was opened
	Notes []string // remarks, each a full sentence
}

// Recovery tells how the opening went.
func (db *DB) Recovery() (Recovery, error) {
	n := make([]int64, 3)
	var r Recovery
	_, err := db.call(nil, nil, func(handle int64, _ *longCall, d *raw.Detail) {
		if raw.Recovery(handle, n, d); d.Status < 0 {
			return
		}
		r = Recovery{Flags: RecoveryFlags(n[0]), TxnID: uint64(n[1])}
		for i := int64(0); i < n[2]; i++ {
			r.Notes = append(r.Notes, text(func(room []byte) int64 {
				return raw.RecoveryNoteText(handle, i, room, d)
			}))
		}
	})
	return r, err
}
