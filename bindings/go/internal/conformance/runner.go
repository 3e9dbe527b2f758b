package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"

	"rdb.example/rdb"
)

// runner plays one script in a folder of its own.
type runner struct {
	scripts string // where the script lies
	folder  string
	live    map[string]any  // handles by kind and name, those released too
	skipped map[string]bool // handles whose line is not for this face
	ids     map[string]uint64
}

type facts map[string]any

type table struct {
	*rdb.Table
	key, value form
	ttl        *rdb.TTLTable // the same, when its values expire
}

type cursor struct {
	*rdb.Cursor
	key, value form
	pairs      *rdb.MultimapCursor // the same, when it is over a multimap
}

// canceller stands for a cancel handle: a context that can be made anew.
type canceller struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func newCanceller() *canceller {
	c := &canceller{}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// kept is a listing or report, which in Go is not a handle; nil when released.
type kept[T any] struct{ list []T }

func newRunner(script string) *runner {
	folder, err := os.MkdirTemp("", "conformance")
	if err != nil {
		panic(err)
	}
	return &runner{scripts: filepath.Dir(script), folder: folder, live: map[string]any{}, skipped: map[string]bool{}, ids: map[string]uint64{}}
}

// close releases what the script left.
func (r *runner) close() {
	for _, handle := range r.live {
		if tx, ok := handle.(*rdb.Tx); ok {
			tx.Rollback()
		}
	}
	for _, handle := range r.live {
		switch handle := handle.(type) {
		case *rdb.DB:
			handle.Close()
		case *rdb.Pinned:
			handle.Close()
		}
	}
	os.RemoveAll(r.folder)
}

func (r *runner) path(text string) string {
	if filepath.IsAbs(text) || text == "" {
		return text
	}
	return r.folder + "/" + text
}

// handle finds what a line names.
func handle[T any](r *runner, l line, kind string) (T, error) {
	found, ok := r.live[kind+" "+l.text(kind)].(T)
	if !ok {
		return found, fmt.Errorf("no %s is called %q", kind, l.text(kind))
	}
	return found, nil
}

// made gives a handle its name, or forgets the name when making it failed.
func made(r *runner, l line, kind string, handle any, err error) (facts, error) {
	name := kind + " " + l.text(kind)
	if err != nil {
		delete(r.live, name)
	} else {
		r.live[name] = handle
	}
	return nil, err
}

// context is that of a line's cancel handle.
func (r *runner) context(l line) (context.Context, error) {
	if !l.has("cancel") {
		return context.Background(), nil
	}
	c, err := handle[*canceller](r, l, "cancel")
	if err != nil {
		return nil, err
	}
	return c.ctx, nil
}

// progress makes the callback of a line, which notes that it was called.
func progress(l line, called *bool) (rdb.Progress, error) {
	if !l.has("progress") {
		return nil, nil
	}
	var answer error
	switch l.text("progress") {
	case "continue":
	case "stop":
		answer = rdb.ErrStopped
	default:
		return nil, fmt.Errorf("no such progress: %s", l.text("progress"))
	}
	return func(done, total uint64) error { *called = true; return answer }, nil
}

// typeOf reads a type; absent, the zero Type stands for byte strings.
func typeOf(v any) (t rdb.Type, f form, err error) {
	switch v := v.(type) {
	case nil:
		return t, bytesForm, nil
	case string:
		t = rdb.Builtin(v)
	case map[string]any:
		class, err := line(v).number("class")
		if err != nil {
			return t, nil, err
		}
		t = rdb.Type{Class: rdb.TypeClass(class), Name: line(v).text("name")}
	default:
		return t, nil, fmt.Errorf("%v is no type", v)
	}
	return t, formFor(t), nil
}

// name reads a string, or bytes where it is not UTF-8.
func name(l line, member string) (string, error) {
	b, err := bytesOf(l[member])
	return string(b), err
}

func infoFacts(info rdb.TableInfo) facts {
	width := func(w int) any {
		if w == rdb.VariableWidth {
			return nil
		}
		return uint64(w)
	}
	return facts{
		"name": info.Name, "key_type": info.Key, "value_type": info.Value,
		"entries": info.Entries, "key_width": width(info.KeyWidth), "value_width": width(info.ValueWidth),
		"key_order_known": info.KeyOrderKnown,
		"kind":            map[rdb.TableKind]string{rdb.TableNormal: "normal", rdb.TableMultimap: "multimap"}[info.Kind],
	}
}

// numbers turns the numbers of a struct into facts named as in rdb.h.
func numbers(v any) facts {
	found := facts{}
	value := reflect.ValueOf(v)
	for i := 0; i < value.NumField(); i++ {
		if field := value.Field(i); field.CanUint() {
			found[snake(value.Type().Field(i).Name)] = field.Uint()
		}
	}
	return found
}

// snake turns LastTxnID into last_txn_id.
func snake(name string) string {
	var b strings.Builder
	upper := true
	for _, c := range name {
		if unicode.IsUpper(c) && !upper {
			b.WriteByte('_')
		}
		upper = unicode.IsUpper(c)
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
