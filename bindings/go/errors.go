package rdb

import (
	"context"
	"io/fs"
	"strconv"
	"sync"
	"syscall"

	"rdb.example/rdb/internal/raw"
)

// NoPosition is the Position of an error that has none.
const NoPosition = ^uint64(0)

// Error is what every failed call of this package returns.
type Error struct {
	Status   Status
	Errno    syscall.Errno // of the system call that failed; 0 when none did
	Position uint64        // page number, file offset, or index in a batch; NoPosition
	Msg      string        // one sentence

	cause error // of the context or of a callback
}

// Sentinels for errors.Is. Each matches the errors of its status; ErrCorrupted also those about one
// page.
var (
	ErrNotFound         error = &Error{Status: StatusNotFound, Position: NoPosition, Msg: "not found"}
	ErrExists           error = &Error{Status: StatusExists, Position: NoPosition, Msg: "the key exists"}
	ErrStopped          error = &Error{Status: StatusStopped, Position: NoPosition, Msg: "stopped by a callback"}
	ErrDifferent        error = &Error{Status: StatusDifferent, Position: NoPosition, Msg: "the value is another"}
	ErrMisuse           error = sentinel(StatusMisuse)
	ErrClosed           error = &Error{Status: StatusClosed, Position: NoPosition, Msg: "it is closed"}
	ErrUnknownOption    error = sentinel(StatusUnknownOption)
	ErrUnsupported      error = sentinel(StatusUnsupported)
	ErrInvalidArgument  error = sentinel(StatusInvalidArgument)
	ErrReservedName     error = sentinel(StatusReservedName)
	ErrInvalidConfig    error = sentinel(StatusInvalidConfig)
	ErrCallback         error = sentinel(StatusCallback)
	ErrTableMissing     error = sentinel(StatusTableMissing)
	ErrTableExists      error = sentinel(StatusTableExists)
	ErrTableType        error = sentinel(StatusTableType)
	ErrTableIsMultimap  error = sentinel(StatusTableIsMultimap)
	ErrTableNotMultimap error = sentinel(StatusTableNotMultimap)
	ErrTableOpen        error = sentinel(StatusTableOpen)
	ErrTooLarge         error = sentinel(StatusTooLarge)
	ErrTypeChanged      error = sentinel(StatusTypeChanged)
	ErrUnknownKeyType   error = sentinel(StatusUnknownKeyType)
	ErrMergeWidth       error = sentinel(StatusMergeWidth)
	ErrBusy             error = sentinel(StatusBusy)
	ErrAlreadyOpen      error = sentinel(StatusAlreadyOpen)
	ErrLockTimeout      error = sentinel(StatusLockTimeout)
	ErrForked           error = sentinel(StatusForked)
	ErrCancelled        error = sentinel(StatusCancelled)
	ErrIO               error = sentinel(StatusIO)
	ErrOutOfSpace       error = sentinel(StatusOutOfSpace)
	ErrPreviousIO       error = sentinel(StatusPreviousIO)
	ErrReadOnly         error = sentinel(StatusReadOnly)
	ErrCorrupted        error = sentinel(StatusCorrupted)
	ErrFormat           error = sentinel(StatusFormat)
	ErrUpgradeRequired  error = sentinel(StatusUpgradeRequired)
	ErrRecoveryRequired error = sentinel(StatusRecoveryRequired)
	ErrRepairAborted    error = sentinel(StatusRepairAborted)
	ErrNoMemory         error = sentinel(StatusNoMemory)
	ErrMemoryBudget     error = sentinel(StatusMemoryBudget)
	ErrInternal         error = sentinel(StatusInternal)
)

func sentinel(status Status) *Error { return &Error{Status: status, Position: NoPosition} }

func (e *Error) Error() string {
	if e.Msg != "" {
		return "rdb: " + e.Msg
	}
	return "rdb: " + e.Status.String() + " (" + strconv.Itoa(int(e.Status)) + ")"
}

// Is makes errors.Is match a sentinel of the same status, and os.ErrClosed for a closed object.
func (e *Error) Is(target error) bool {
	if t, ok := target.(*Error); ok {
		return t.Status == e.Status ||
			t.Status == StatusCorrupted && e.Status == StatusPageCorrupted
	}
	return target == fs.ErrClosed && e.Status == StatusClosed
}

// Unwrap gives the errno and the error of the context or callback, where there is one.
func (e *Error) Unwrap() []error {
	var causes []error
	if e.Errno != 0 {
		causes = append(causes, e.Errno)
	}
	if e.cause != nil {
		causes = append(causes, e.cause)
	}
	return causes
}

func misuse(sentence string) error {
	return &Error{Status: StatusMisuse, Position: NoPosition, Msg: sentence}
}

func invalid(sentence string) error {
	return &Error{Status: StatusInvalidArgument, Position: NoPosition, Msg: sentence}
}

func closed(noun string) error {
	return &Error{Status: StatusClosed, Position: NoPosition, Msg: "the " + noun + " is closed"}
}

// cancelled is what a call answers that its context stopped.
func cancelled(ctx context.Context) error {
	return &Error{Status: StatusCancelled, Position: NoPosition, Msg: ctx.Err().Error(), cause: ctx.Err()}
}

// failure turns the detail of a call into an error; nil when the call did not fail.
func failure(d *raw.Detail) error {
	if d == nil || d.Status >= 0 {
		return nil
	}
	return &Error{Status: Status(d.Status), Errno: syscall.Errno(d.Errno), Position: d.Position, Msg: d.Text()}
}

// outcome is the error for a status that a call may answer besides success.
func outcome(status int32, d *raw.Detail) error {
	switch Status(status) {
	case StatusOK:
		return nil
	case StatusNotFound, StatusEnd:
		return ErrNotFound
	case StatusExists:
		return ErrExists
	case StatusStopped:
		return ErrStopped
	case StatusDifferent:
		return ErrDifferent
	}
	if status > 0 {
		return &Error{Status: Status(status), Position: NoPosition}
	}
	return failure(d)
}

// details are reused: each has 512 bytes, and few calls fail. A call may write to one until it returns.
var details = sync.Pool{New: func() any { return new(raw.Detail) }}

// try makes a call that takes detail, and tells its status and error.
func try(call func(d *raw.Detail)) (Status, error) {
	d := details.Get().(*raw.Detail)
	call(d)
	status, err := Status(d.Status), failure(d)
	details.Put(d)
	return status, err
}

// text fetches a text with a call that returns its size, and copies it when it fits the room.
func text(call func(room []byte) int64) string {
	room := make([]byte, 128)
	for {
		size := call(room)
		if size <= 0 {
			return ""
		}
		if int(size) <= len(room) {
			return string(room[:size])
		}
		room = make([]byte, size)
	}
}
