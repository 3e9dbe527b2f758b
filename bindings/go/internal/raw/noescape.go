//go:build go1.24

package raw

// Keys and buffers may stay on the stack: C keeps no pointer and calls nothing back.

// #cgo noescape rdb_go_get_into
// #cgo nocallback rdb_go_get_into
// #cgo noescape rdb_go_get_pin
// #cgo nocallback rdb_go_get_pin
// #cgo noescape rdb_go_contains
// #cgo nocallback rdb_go_contains
// #cgo noescape rdb_go_put
// #cgo nocallback rdb_go_put
// #cgo noescape rdb_go_delete
// #cgo nocallback rdb_go_delete
// #cgo noescape rdb_go_next_batch
// #cgo nocallback rdb_go_next_batch
// #cgo noescape rdb_go_prev_batch
// #cgo nocallback rdb_go_prev_batch
// #include "hot.h"
import "C"
