package raw

// #include "hot.h"
import "C"

import "unsafe"

// HeaderABI is the version of the ABI this package was compiled with.
const HeaderABI = C.RDB_ABI_VERSION

// Answer is what a hot call gives: a status, and with an error its detail.
type Answer struct {
	Status int32
	Size   int
	Count  int
	Detail *Detail
}

func answer(r C.rdb_go_answer) Answer {
	a := Answer{Status: int32(r.status), Size: int(r.size), Count: int(r.count)}
	if r.status < 0 {
		a.Detail = takeDetail(int32(r.status), r.detail)
	}
	return a
}

// takeDetail copies detail and frees it. It is NULL when there was no memory for it.
func takeDetail(status int32, detail *C.rdb_error) *Detail {
	d := &Detail{Status: status, Position: ^uint64(0)}
	if detail != nil {
		*d = *(*Detail)(unsafe.Pointer(detail))
		C.rdb_go_detail_free(detail)
	}
	return d
}

func bytesOf(b []byte) (*C.uint8_t, C.int64_t) {
	return (*C.uint8_t)(unsafe.SliceData(b)), C.int64_t(len(b))
}

// GetInto copies the value of key into buffer; Size is that of the value.
func GetInto(table int64, key, buffer []byte) Answer {
	k, ks := bytesOf(key)
	b, bs := bytesOf(buffer)
	return answer(C.rdb_go_get_into(C.uintptr_t(table), k, ks, b, bs))
}

// GetPin reads a value without copying it: handle and bytes live until ValueFree.
func GetPin(table int64, key []byte) (handle int64, data []byte, a Answer) {
	k, ks := bytesOf(key)
	return pin(C.rdb_go_get_pin(C.uintptr_t(table), k, ks))
}

// ValueData gives the bytes of a value without copying them.
func ValueData(value int64) []byte {
	_, data, _ := pin(C.rdb_go_value_data(C.uintptr_t(value)))
	return data
}

func pin(r C.rdb_go_pin) (handle int64, data []byte, a Answer) {
	a.Status = int32(r.status)
	if r.status < 0 {
		a.Detail = takeDetail(a.Status, r.detail)
	}
	return int64(r.handle), unsafe.Slice((*byte)(r.data), int(r.size)), a
}

// Contains answers with the status alone, as Put and Delete do.
func Contains(table int64, key []byte) Answer {
	k, ks := bytesOf(key)
	return answer(C.rdb_go_contains(C.uintptr_t(table), k, ks))
}

func Put(table int64, key, value []byte, flags uint64) Answer {
	k, ks := bytesOf(key)
	v, vs := bytesOf(value)
	return answer(C.rdb_go_put(C.uintptr_t(table), k, ks, v, vs, C.uint64_t(flags)))
}

func Delete(table int64, key []byte) Answer {
	k, ks := bytesOf(key)
	return answer(C.rdb_go_delete(C.uintptr_t(table), k, ks))
}

// NextBatch fills buffer with packed records in front of the cursor, PrevBatch with those behind it.
func NextBatch(cursor int64, buffer []byte, maxRecords int) Answer {
	b, bs := bytesOf(buffer)
	return answer(C.rdb_go_next_batch(C.uintptr_t(cursor), b, bs, C.int64_t(maxRecords)))
}

func PrevBatch(cursor int64, buffer []byte, maxRecords int) Answer {
	b, bs := bytesOf(buffer)
	return answer(C.rdb_go_prev_batch(C.uintptr_t(cursor), b, bs, C.int64_t(maxRecords)))
}
