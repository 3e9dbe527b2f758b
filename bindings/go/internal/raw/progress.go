package raw

// #include "hot.h"
import "C"

import "runtime/cgo"

// Progress is called during a long operation, on the goroutine that asked for it. It answers a
// status, and must not panic: no panic may cross C.
type Progress func(done, total uint64) int32

// ProgressAddress is the address C calls, with the cgo.Handle of a Progress as its context.
func ProgressAddress() int64 { return int64(C.rdb_go_progress_address()) }

//export rdbGoProgress
func rdbGoProgress(ctx C.uintptr_t, done, total C.uint64_t) C.int32_t {
	progress := cgo.Handle(ctx).Value().(Progress)
	return C.int32_t(progress(uint64(done), uint64(total)))
}
