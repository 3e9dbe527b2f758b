//go:build !rdb_static

package raw

// #cgo pkg-config: rdb
import "C"
