// Package raw is rdb.h for Go, without idiom: flat.go and flat_wrap.c are what SWIG makes of the flat
// header (bindings/swig), the other files are written by hand for the calls where every nanosecond
// counts. Handles are integers, absence is 0, and nothing here guards against using a dead one: that
// is the work of package rdb.
package raw

// Detail is rdb_error: what went wrong in a call that answered a negative status.
//
// Handed to SWIG's functions as a pointer. It must be an object of its own: cgo looks for Go
// pointers in all of the object that a pointer points into.
type Detail struct {
	Status      int32
	Errno       int32
	Position    uint64
	MessageSize uint32
	_           [11]uint32
	Message     [448]byte
}

// Text is the message.
func (d *Detail) Text() string {
	size := min(int(d.MessageSize), len(d.Message))
	return string(d.Message[:size])
}
