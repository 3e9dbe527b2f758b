package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"rdb.example/rdb"
)

// form is how keys or values of one type are written in a script.
type form interface {
	encode(v any) ([]byte, error)
	decode(stored []byte) (any, error)
}

// coded is a form over a codec of the package; parse turns JSON into its Go value.
type coded[T any] struct {
	codec rdb.Codec[T]
	parse func(v any) (T, error)
}

func (c coded[T]) encode(v any) ([]byte, error) {
	parsed, err := c.parse(v)
	if err != nil {
		return nil, refusal{err}
	}
	return c.codec.Append(nil, parsed)
}

func (c coded[T]) decode(stored []byte) (any, error) { return c.codec.Decode(stored) }

// refusal is what the language says of a value of the wrong type, before the library is asked.
type refusal struct{ error }

// bytesOf reads the three ways of writing bytes.
func bytesOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case map[string]any:
		if text, ok := v["hex"].(string); ok {
			return hex.DecodeString(text)
		}
		if text, ok := v["fill"].(string); ok {
			count, err := line(v).number("count")
			return bytes.Repeat([]byte(text), count), err
		}
	}
	return nil, fmt.Errorf("%v are no bytes", v)
}

func member[T any](v any, name string) (T, error) {
	object, _ := v.(map[string]any)
	found, ok := object[name].(T)
	if !ok {
		return found, fmt.Errorf("%v has no %s", v, name)
	}
	return found, nil
}

func textOf(v any) (string, error) { return member[string](v, "str") }

func boolOf(v any) (bool, error) { return member[bool](v, "bool") }

func unitOf(v any) (struct{}, error) { _, err := member[bool](v, "unit"); return struct{}{}, err }

func charOf(v any) (rune, error) {
	text, err := member[string](v, "char")
	runes := []rune(text)
	if err == nil && len(runes) != 1 {
		err = fmt.Errorf("%q is no char", text)
	}
	if err != nil {
		return 0, err
	}
	return runes[0], nil
}

func wideOf(v any) (*big.Int, error) {
	text, err := member[string](v, "int")
	n, ok := new(big.Int).SetString(text, 10)
	if err == nil && !ok {
		err = fmt.Errorf("%q is no number", text)
	}
	return n, err
}

func unsignedOf[T uint8 | uint16 | uint32 | uint64](v any) (T, error) {
	text, err := member[string](v, "int")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 8*int(unsafe.Sizeof(T(0))))
	return T(n), err
}

func signedOf[T int8 | int16 | int32 | int64](v any) (T, error) {
	text, err := member[string](v, "int")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 8*int(unsafe.Sizeof(T(0))))
	return T(n), err
}

func floatOf[T float32 | float64](v any) (T, error) {
	text, err := member[string](v, "float")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(text, 8*int(unsafe.Sizeof(T(0))))
	return T(n), err
}

func array[T any](element coded[T], n int) form {
	return coded[[]T]{rdb.Array(element.codec, n), func(v any) ([]T, error) {
		list, err := member[[]any](v, "list")
		if err != nil {
			return nil, err
		}
		values := make([]T, len(list))
		for i := range values {
			if values[i], err = element.parse(list[i]); err != nil {
				return nil, err
			}
		}
		return values, nil
	}}
}

var (
	uint16Form = coded[uint16]{rdb.Uint16, unsignedOf[uint16]}
	int32Form  = coded[int32]{rdb.Int32, signedOf[int32]}
	floatForm  = coded[float64]{rdb.Float64, floatOf[float64]}
	bytesForm  = coded[[]byte]{rdb.Bytes, bytesOf}
)

var scalars = map[string]form{
	"&str": coded[string]{rdb.String, textOf}, "String": coded[string]{rdb.OwnedString, textOf},
	"()": coded[struct{}]{rdb.Unit, unitOf}, "bool": coded[bool]{rdb.Bool, boolOf},
	"char": coded[rune]{rdb.Char, charOf},
	"u8":   coded[uint8]{rdb.Uint8, unsignedOf[uint8]}, "u16": uint16Form,
	"u32": coded[uint32]{rdb.Uint32, unsignedOf[uint32]}, "u64": coded[uint64]{rdb.Uint64, unsignedOf[uint64]},
	"u128": coded[*big.Int]{rdb.Uint128, wideOf}, "i128": coded[*big.Int]{rdb.Int128, wideOf},
	"i8": coded[int8]{rdb.Int8, signedOf[int8]}, "i16": coded[int16]{rdb.Int16, signedOf[int16]},
	"i32": int32Form, "i64": coded[int64]{rdb.Int64, signedOf[int64]},
	"f32": coded[float32]{rdb.Float32, floatOf[float32]}, "f64": floatForm,
}

var arrayName = regexp.MustCompile(`^\[(\w+);(\d+)\]$`)

// formFor is the form of a stored type; values of types it does not know are given as stored.
func formFor(t rdb.Type) form {
	if t.Class != rdb.ClassBuiltin {
		if f, ok := compose(t); ok {
			return f
		}
		return bytesForm
	}
	if f, ok := scalars[t.Name]; ok {
		return f
	}
	if m := arrayName.FindStringSubmatch(t.Name); m != nil {
		n, _ := strconv.Atoi(m[2])
		switch m[1] {
		case "u8":
			return coded[[]byte]{rdb.FixedBytes(n), bytesOf}
		case "u16":
			return array(uint16Form, n)
		case "i32":
			return array(int32Form, n)
		case "f64":
			return array(floatForm, n)
		}
	}
	if t.Name == rdb.Bytes.Type().Name {
		return bytesForm
	}
	if f, ok := compose(t); ok {
		return f
	}
	return bytesForm
}

// stored is a key or value as the library gave it.
type stored struct {
	bytes []byte
	form  form
}

func (s stored) match(want any) string {
	expected, err := s.form.encode(want)
	if err != nil {
		return err.Error()
	}
	a, err := s.form.decode(s.bytes)
	if err != nil {
		return err.Error()
	}
	b, err := s.form.decode(expected)
	if err != nil {
		return err.Error()
	}
	if same(reflect.ValueOf(a), reflect.ValueOf(b)) {
		return ""
	}
	return fmt.Sprintf("%v (%x)", a, s.bytes)
}

// same compares meanings: a NaN is the same as any other.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return a.Float() == b.Float() || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := 0; i < a.Len(); i++ {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// part is a text of which the script names a part.
type part string

// match compares a fact with what the script wants of it.
func match(got, want any) string {
	switch got := got.(type) {
	case stored:
		return got.match(want)
	case [][]any: // rows, or keys as rows of one
		rows, err := rowsOf(want)
		if err != nil {
			return err.Error()
		}
		return matchList(got, rows, func(g, w []any) string {
			return matchList(g, w, match)
		})
	case []any:
		list, ok := want.([]any)
		if !ok {
			return "the script has no list"
		}
		return matchList(got, list, match)
	case rdb.Type:
		if t, _, err := typeOf(want); err != nil || t != got {
			return fmt.Sprint(got)
		}
	case part:
		if text, ok := want.(string); !ok || !strings.Contains(string(got), text) {
			return string(got)
		}
	case uint64:
		if least, err := member[json.Number](want, "at_least"); err == nil {
			if n, err := strconv.ParseUint(least.String(), 10, 64); err != nil || got < n {
				return strconv.FormatUint(got, 10)
			}
		} else if fmt.Sprint(want) != strconv.FormatUint(got, 10) {
			return strconv.FormatUint(got, 10)
		}
	default:
		if got != want {
			return fmt.Sprint(got)
		}
	}
	return ""
}

func matchList[G, W any](got []G, want []W, one func(got G, want W) string) string {
	for i := range got {
		if i >= len(want) {
			break
		}
		if wrong := one(got[i], want[i]); wrong != "" {
			return fmt.Sprintf("%d: %s", i, wrong)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d instead of %d", len(got), len(want))
	}
	return ""
}

// rowsOf expands rows or keys; a row of the result is what a row has: key and value, or a key.
func rowsOf(v any) (rows [][]any, err error) {
	if list, ok := v.([]any); ok {
		for _, one := range list {
			if row, ok := one.([]any); ok {
				rows = append(rows, row)
			} else {
				rows = append(rows, []any{one})
			}
		}
		return rows, nil
	}
	counted, ok := v.(map[string]any)
	each, ok2 := counted["each"].([]any)
	if !ok || !ok2 || len(each) < 2 {
		return nil, fmt.Errorf("%v are no rows", v)
	}
	bounds := []int{0, 0, 1}
	for i, b := range each {
		if bounds[i], err = strconv.Atoi(fmt.Sprint(b)); err != nil {
			return nil, err
		}
	}
	for i := bounds[0]; bounds[2] > 0 && i < bounds[1] || bounds[2] < 0 && i > bounds[1]; i += bounds[2] {
		row := []any{numbered(counted["key"], i)}
		if value, there := counted["value"]; there {
			row = append(row, numbered(value, i))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

var marks = regexp.MustCompile(`#+`)

// numbered puts i in the place of each run of #.
func numbered(v any, i int) any {
	switch v := v.(type) {
	case string:
		return marks.ReplaceAllStringFunc(v, func(run string) string { return fmt.Sprintf("%0*d", len(run), i) })
	case map[string]any:
		copied := map[string]any{}
		for name, one := range v {
			copied[name] = numbered(one, i)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for n, one := range v {
			copied[n] = numbered(one, i)
		}
		return copied
	}
	return v
}

// ended is the outcome of a move that found no entry, broken a failure of the replayer itself.
type ended rdb.Status

func (e ended) Error() string { return rdb.Status(e).String() }

func statusOf(err error) (rdb.Status, bool) {
	var e *rdb.Error
	var end ended
	var r refusal
	switch {
	case err == nil:
		return rdb.StatusOK, true
	case errors.As(err, &e):
		return e.Status, true
	case errors.As(err, &end):
		return rdb.Status(end), true
	case errors.As(err, &r):
		return rdb.StatusInvalidArgument, true
	case errors.Is(err, io.ErrShortBuffer):
		return rdb.StatusMore, true
	}
	return 0, false
}

var errnos = map[syscall.Errno]string{
	syscall.ENOENT: "ENOENT", syscall.EEXIST: "EEXIST", syscall.EISDIR: "EISDIR", syscall.EACCES: "EACCES",
	syscall.ENOTDIR: "ENOTDIR", syscall.ENOSPC: "ENOSPC", syscall.EIO: "EIO",
}

// errorFact is what an error gives beside its status.
func errorFact(err error, name string) (fact any, there bool) {
	var e *rdb.Error
	if !errors.As(err, &e) || e.Status >= 0 {
		return nil, false
	}
	switch name {
	case "position":
		return e.Position, true
	case "message_contains":
		return part(e.Msg), true
	case "errno":
		return errnos[e.Errno], true
	}
	return nil, false
}
