package rdb

import (
	"context"
	"errors"
	"runtime/cgo"

	"rdb.example/rdb/internal/raw"
)

// longCall carries a context and a progress callback into a call of the library.
//
// A context that can be done gets a cancel handle, which context.AfterFunc triggers; one that cannot
// costs nothing. A callback's error and panic wait here until C has returned.
type longCall struct {
	ctx      context.Context
	progress Progress

	cancel   int64 // handle for the call
	fn, arg  int64 // callback for the call
	failed   error
	panicked any
}

func (l *longCall) run(call func(l *longCall, d *raw.Detail)) (Status, error) {
	if l.ctx != nil && l.ctx.Done() != nil {
		if l.ctx.Err() != nil {
			return StatusCancelled, cancelled(l.ctx)
		}
		if _, err := try(func(d *raw.Detail) { l.cancel = raw.CancelCreate(d) }); err != nil {
			return err.(*Error).Status, err
		}
		triggered := make(chan struct{})
		stop := context.AfterFunc(l.ctx, func() {
			raw.CancelTrigger(l.cancel)
			close(triggered)
		})
		defer func() {
			if !stop() {
				<-triggered // or the handle would be triggered after its release
			}
			raw.CancelFree(l.cancel)
		}()
	}
	if l.progress != nil {
		handle := cgo.NewHandle(raw.Progress(l.report))
		defer handle.Delete()
		l.fn, l.arg = raw.ProgressAddress(), int64(handle)
	}
	status, err := try(func(d *raw.Detail) { call(l, d) })
	if l.panicked != nil {
		panic(l.panicked)
	}
	if e, ok := err.(*Error); ok {
		if l.failed != nil {
			e.cause = l.failed
		} else if status == StatusCancelled && l.ctx != nil && l.ctx.Err() != nil {
			e.cause = l.ctx.Err()
		}
	}
	return status, err
}

// report is called from C, so a panic must end here.
func (l *longCall) report(done, total uint64) (status int32) {
	defer func() {
		if l.panicked = recover(); l.panicked != nil {
			status = int32(StatusCallback)
		}
	}()
	err := l.progress(done, total)
	switch {
	case err == nil:
		return int32(StatusOK)
	case errors.Is(err, ErrStopped):
		return int32(StatusStopped)
	}
	l.failed = err
	var e *Error
	if errors.As(err, &e) && e.Status < 0 {
		return int32(e.Status)
	}
	return int32(StatusCallback)
}
