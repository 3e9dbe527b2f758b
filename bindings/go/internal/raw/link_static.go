//go:build rdb_static

package raw

// #cgo pkg-config: --static rdb-static
import "C"
