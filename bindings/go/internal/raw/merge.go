package raw

// #include "hot.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// MergeFunc makes a new value of an old one and an operand, on the goroutine that asked for it. It answers
// a status, and must not panic: no panic may cross C. existing is nil when the key is absent. The slices
// are C's, and gone when it returns; result is copied.
type MergeFunc func(key, existing, operand []byte) (result []byte, status int32)

const noMemory = -600

// WithMerge makes a call that merges with a function: call gets the address of an rdb_merge_fn, its
// context, and the address of an rdb_drop_fn.
func WithMerge(merge MergeFunc, call func(fn, ctx, drop int64)) {
	handle := cgo.NewHandle(merge)
	defer handle.Delete()
	ctx := C.rdb_go_merge_create(C.uintptr_t(handle))
	call(int64(C.rdb_go_merge_address()), int64(uintptr(unsafe.Pointer(ctx))),
		int64(C.rdb_go_merge_drop_address()))
}

// lent are bytes of C's; never nil.
func lent(data *C.uint8_t, size C.int64_t) []byte {
	if size == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(data), int(size))
}

//export rdbGoMerge
func rdbGoMerge(ctx *C.rdb_go_merge, key *C.uint8_t, keySize C.int64_t, existing *C.uint8_t,
	existingSize C.int64_t, operand *C.uint8_t, operandSize C.int64_t, result *C.rdb_slice) C.int32_t {
	if ctx == nil {
		return noMemory
	}
	merge := cgo.Handle(ctx.handle).Value().(MergeFunc)
	var old []byte
	if existingSize >= 0 {
		old = lent(existing, existingSize)
	}
	fresh, status := merge(lent(key, keySize), old, lent(operand, operandSize))
	if status != 0 {
		return C.int32_t(status)
	}
	room := C.rdb_go_merge_room(ctx, C.int64_t(len(fresh)))
	if room == nil {
		return noMemory
	}
	copy(unsafe.Slice((*byte)(room), len(fresh)), fresh)
	result.data, result.size = room, C.size_t(len(fresh))
	return 0
}

// Filter decides about a record, on the goroutine that asked for it. It answers a status, and must not
// panic. The slices are C's, and gone when it returns.
type Filter func(key, value []byte) int32

// WithFilter makes a call with a filter: call gets the address of an rdb_filter_fn and its context.
func WithFilter(filter Filter, call func(fn, ctx int64)) {
	handle := cgo.NewHandle(filter)
	defer handle.Delete()
	call(int64(C.rdb_go_filter_address()), int64(handle))
}

//export rdbGoFilter
func rdbGoFilter(ctx C.uintptr_t, key *C.uint8_t, keySize C.int64_t, value *C.uint8_t, valueSize C.int64_t) C.int32_t {
	filter := cgo.Handle(ctx).Value().(Filter)
	return C.int32_t(filter(lent(key, keySize), lent(value, valueSize)))
}

// Memory is C's memory as bytes.
func Memory(address, size int64) []byte {
	if size == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(C.rdb_go_memory(C.int64_t(address))), int(size))
}
