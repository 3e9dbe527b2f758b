package rdb

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// Codec turns values of a Go type into the bytes that a table stores, and back. Those of this package
// write what the Rust engines write for the type named.
type Codec[T any] interface {
	// Type is what the table stores of it.
	Type() Type
	// Append appends the encoding of v to dst. Refuses what the type cannot hold.
	Append(dst []byte, v T) ([]byte, error)
	// Decode must not keep stored, which may change later.
	Decode(stored []byte) (T, error)
}

// codec is a Codec made of functions. width is -1 when values differ in length.
type codec[T any] struct {
	name   string
	width  int
	append func(dst []byte, v T) ([]byte, error)
	decode func(stored []byte) (T, error)
}

func (c codec[T]) Type() Type                             { return Builtin(c.name) }
func (c codec[T]) Append(dst []byte, v T) ([]byte, error) { return c.append(dst, v) }

func (c codec[T]) Decode(stored []byte) (v T, err error) {
	if c.width >= 0 && len(stored) != c.width {
		return v, malformed(c.name)
	}
	return c.decode(stored)
}

// malformed is a value in the file that its type does not allow.
func malformed(name string) error {
	return &Error{Status: StatusCorrupted, Position: NoPosition, Msg: "a stored value is no " + name}
}

// Codecs for the built-in types of rdb, named in the comments.
var (
	Bytes Codec[[]byte] = codec[[]byte]{"&[u8]", VariableWidth, // &[u8]
		func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil },
		func(stored []byte) ([]byte, error) { return append([]byte{}, stored...), nil }}
	String      = text8("&str")   // &str
	OwnedString = text8("String") // String

	Unit Codec[struct{}] = codec[struct{}]{"()", 0, // ()
		func(dst []byte, _ struct{}) ([]byte, error) { return dst, nil },
		func([]byte) (struct{}, error) { return struct{}{}, nil }}
	Bool Codec[bool] = codec[bool]{"bool", 1, appendBool, decodeBool} // bool
	Char Codec[rune] = codec[rune]{"char", 3, appendChar, decodeChar} // char

	Uint8  = integer[uint8]("u8", 1)   // u8
	Uint16 = integer[uint16]("u16", 2) // u16
	Uint32 = integer[uint32]("u32", 4) // u32
	Uint64 = integer[uint64]("u64", 8) // u64
	Int8   = integer[int8]("i8", 1)    // i8
	Int16  = integer[int16]("i16", 2)  // i16
	Int32  = integer[int32]("i32", 4)  // i32
	Int64  = integer[int64]("i64", 8)  // i64

	Uint128 = wide("u128", false) // u128
	Int128  = wide("i128", true)  // i128

	Float32 Codec[float32] = codec[float32]{"f32", 4, // f32
		func(dst []byte, v float32) ([]byte, error) {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v)), nil
		},
		func(stored []byte) (float32, error) {
			return math.Float32frombits(binary.LittleEndian.Uint32(stored)), nil
		}}
	Float64 Codec[float64] = codec[float64]{"f64", 8, // f64
		func(dst []byte, v float64) ([]byte, error) {
			return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
		},
		func(stored []byte) (float64, error) {
			return math.Float64frombits(binary.LittleEndian.Uint64(stored)), nil
		}}
)

func text8(name string) Codec[string] {
	return codec[string]{name, VariableWidth,
		func(dst []byte, v string) ([]byte, error) {
			if !utf8.ValidString(v) {
				return nil, invalid("the text is not UTF-8")
			}
			return append(dst, v...), nil
		},
		func(stored []byte) (string, error) {
			if !utf8.Valid(stored) {
				return "", malformed(name)
			}
			return string(stored), nil
		}}
}

func appendBool(dst []byte, v bool) ([]byte, error) { return append(dst, byte(number(v))), nil }

func decodeBool(stored []byte) (bool, error) {
	if stored[0] > 1 {
		return false, malformed("bool")
	}
	return stored[0] == 1, nil
}

// A char is a Unicode scalar value in 24 bits.
func appendChar(dst []byte, v rune) ([]byte, error) {
	if !utf8.ValidRune(v) {
		return nil, invalid("the number is no Unicode scalar value")
	}
	return append(dst, byte(v), byte(v>>8), byte(v>>16)), nil
}

func decodeChar(stored []byte) (rune, error) {
	v := rune(stored[0]) | rune(stored[1])<<8 | rune(stored[2])<<16
	if !utf8.ValidRune(v) {
		return 0, malformed("char")
	}
	return v, nil
}

// integer is two's complement, little-endian.
func integer[T uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64](name string, width int) Codec[T] {
	return codec[T]{name, width,
		func(dst []byte, v T) ([]byte, error) {
			for i := 0; i < width; i++ {
				dst = append(dst, byte(uint64(v)>>(8*i)))
			}
			return dst, nil
		},
		func(stored []byte) (T, error) {
			var v uint64
			for i, b := range stored {
				v |= uint64(b) << (8 * i)
			}
			return T(v), nil
		}}
}

// wide is a 128-bit integer, which Go lacks.
func wide(name string, signed bool) Codec[*big.Int] {
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	lowest, limit := new(big.Int), modulus
	if signed {
		limit = new(big.Int).Lsh(big.NewInt(1), 127)
		lowest = new(big.Int).Neg(limit)
	}
	return codec[*big.Int]{name, 16,
		func(dst []byte, v *big.Int) ([]byte, error) {
			if v == nil || v.Cmp(lowest) < 0 || v.Cmp(limit) >= 0 {
				return nil, invalid("the number is no " + name)
			}
			var wide [16]byte
			new(big.Int).Mod(v, modulus).FillBytes(wide[:])
			for i := 15; i >= 0; i-- {
				dst = append(dst, wide[i])
			}
			return dst, nil
		},
		func(stored []byte) (*big.Int, error) {
			var wide [16]byte
			for i, b := range stored {
				wide[15-i] = b
			}
			v := new(big.Int).SetBytes(wide[:])
			if v.Cmp(limit) >= 0 {
				v.Sub(v, modulus)
			}
			return v, nil
		}}
}

// FixedBytes is [u8;N].
func FixedBytes(n int) Codec[[]byte] {
	name := "[u8;" + strconv.Itoa(n) + "]"
	return codec[[]byte]{name, n,
		func(dst, v []byte) ([]byte, error) {
			if len(v) != n {
				return nil, invalid("the value is no " + name)
			}
			return append(dst, v...), nil
		},
		func(stored []byte) ([]byte, error) { return append([]byte{}, stored...), nil }}
}

// Array is [T;N]. Elements of variable width are found through a
// table of their ends, counted from the beginning of the array.
func Array[T any](element Codec[T], n int) Codec[[]T] {
	name := "[" + element.Type().Name + ";" + strconv.Itoa(n) + "]"
	if n < 0 {
		panic("rdb: Array takes a size that is not negative")
	}
	each, ends, width := widthOf(element), 0, VariableWidth
	if each < 0 {
		ends = 4 * n
	} else {
		width = each * n
	}
	return codec[[]T]{name, width,
		func(dst []byte, v []T) ([]byte, error) {
			if len(v) != n {
				return nil, invalid("the value is no " + name)
			}
			start := len(dst)
			dst = append(dst, make([]byte, ends)...)
			for i, one := range v {
				var err error
				if dst, err = element.Append(dst, one); err != nil {
					return nil, err
				}
				if ends > 0 {
					binary.LittleEndian.PutUint32(dst[start+4*i:], uint32(len(dst)-start))
				}
			}
			return dst, nil
		},
		func(stored []byte) ([]T, error) {
			if len(stored) < ends {
				return nil, malformed(name)
			}
			v := make([]T, n)
			begin := ends
			for i := range v {
				end := begin + each
				if ends > 0 {
					end = int(binary.LittleEndian.Uint32(stored[4*i:]))
				}
				if end < begin || end > len(stored) {
					return nil, malformed(name)
				}
				var err error
				if v[i], err = element.Decode(stored[begin:end]); err != nil {
					return nil, err
				}
				begin = end
			}
			if begin != len(stored) {
				return nil, malformed(name)
			}
			return v, nil
		}}
}
