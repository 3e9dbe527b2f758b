//go:build rdb_leaks

package rdb

import (
	"fmt"
	"os"
	"runtime/debug"
)

// origin is the stack that made an object.
type origin struct{ stack []byte }

func here() origin { return origin{debug.Stack()} }

func (o origin) leaked(noun string) {
	fmt.Fprintf(os.Stderr, "rdb: a %s was forgotten without being closed; it was made here:\n%s\n", noun, o.stack)
}
