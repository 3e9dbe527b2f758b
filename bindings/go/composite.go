package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
)

// A codec of this package knows the width of its values; one of a program's own is taken to have none.
func widthOf[T any](c Codec[T]) int {
	if known, ok := c.(interface{ fixedWidth() int }); ok {
		return known.fixedWidth()
	}
	return VariableWidth
}

func (c codec[T]) fixedWidth() int { return c.width }

// classed is a codec of another class than ClassBuiltin.
type classed[T any] struct {
	codec[T]
	class TypeClass
}

func (c classed[T]) Type() Type { return Type{c.class, c.name} }

// Any is a codec behind an interface, as TupleOf takes its members.
func Any[T any](c Codec[T]) Codec[any] {
	name := c.Type()
	return classed[any]{codec[any]{name.Name, widthOf(c),
		func(dst []byte, v any) ([]byte, error) {
			typed, ok := v.(T)
			if !ok {
				return nil, invalid(fmt.Sprintf("a %T is no %s", v, name.Name))
			}
			return c.Append(dst, typed)
		},
		func(stored []byte) (any, error) { return c.Decode(stored) }}, name.Class}
}

// Pair is a tuple of two.
type Pair[A, B any] struct {
	First  A
	Second B
}

// Triple is a tuple of three.
type Triple[A, B, C any] struct {
	First  A
	Second B
	Third  C
}

// PairOf is (A,B), as redb 3 and shodh-redb write it.
func PairOf[A, B any](a Codec[A], b Codec[B]) Codec[Pair[A, B]] { return pairOf(a, b, false) }

// LegacyPairOf is (A,B), as redb up to version 2 wrote it.
func LegacyPairOf[A, B any](a Codec[A], b Codec[B]) Codec[Pair[A, B]] { return pairOf(a, b, true) }

// TripleOf is (A,B,C), as redb 3 and shodh-redb write it.
func TripleOf[A, B, C any](a Codec[A], b Codec[B], c Codec[C]) Codec[Triple[A, B, C]] {
	return tripleOf(a, b, c, false)
}

// LegacyTripleOf is (A,B,C), as redb up to version 2 wrote it.
func LegacyTripleOf[A, B, C any](a Codec[A], b Codec[B], c Codec[C]) Codec[Triple[A, B, C]] {
	return tripleOf(a, b, c, true)
}

// TupleOf is a tuple of one to twelve members, as redb 3 and shodh-redb write it. A value has as many.
func TupleOf(members ...Codec[any]) Codec[[]any] { return tupleOf(members, false) }

// LegacyTupleOf is a tuple of one to twelve members, as redb up to version 2 wrote it.
func LegacyTupleOf(members ...Codec[any]) Codec[[]any] { return tupleOf(members, true) }

func pairOf[A, B any](a Codec[A], b Codec[B], legacy bool) Codec[Pair[A, B]] {
	return over(tupleOf([]Codec[any]{Any(a), Any(b)}, legacy),
		func(v Pair[A, B]) []any { return []any{v.First, v.Second} },
		func(v []any) Pair[A, B] { return Pair[A, B]{as[A](v[0]), as[B](v[1])} })
}

func tripleOf[A, B, C any](a Codec[A], b Codec[B], c Codec[C], legacy bool) Codec[Triple[A, B, C]] {
	return over(tupleOf([]Codec[any]{Any(a), Any(b), Any(c)}, legacy),
		func(v Triple[A, B, C]) []any { return []any{v.First, v.Second, v.Third} },
		func(v []any) Triple[A, B, C] { return Triple[A, B, C]{as[A](v[0]), as[B](v[1]), as[C](v[2])} })
}

// as undoes boxing; a nil of an interface type has no type to assert.
func as[T any](v any) (typed T) {
	typed, _ = v.(T)
	return typed
}

// over is a codec whose values are made from those of another.
func over[T, U any](inner Codec[U], to func(T) U, from func(U) T) Codec[T] {
	name := inner.Type()
	return classed[T]{codec[T]{name.Name, widthOf(inner),
		func(dst []byte, v T) ([]byte, error) { return inner.Append(dst, to(v)) },
		func(stored []byte) (v T, err error) {
			u, err := inner.Decode(stored)
			if err != nil {
				return v, err
			}
			return from(u), nil
		}}, name.Class}
}

const maxMembers = 12

// tupleOf: lengths of the members first, then the members. The last one takes the rest. New tuples have
// lengths of the variable members alone.
func tupleOf(members []Codec[any], legacy bool) Codec[[]any] {
	if len(members) == 0 || len(members) > maxMembers {
		panic("rdb: a tuple has one to twelve members")
	}
	name, width := "(", 0
	widths := make([]int, len(members))
	for i, member := range members {
		if i > 0 {
			name += ","
		}
		name += member.Type().Name
		widths[i] = widthOf(member)
		if widths[i] < 0 || width < 0 {
			width = VariableWidth
		} else {
			width += widths[i]
		}
	}
	class := ClassBuiltin
	switch {
	case len(members) == 1:
		name += ","
	case width < 0 && !legacy:
		class = ClassTuple
	}
	name += ")"
	lengths := width < 0 && len(members) > 1
	last := len(members) - 1
	encode := func(dst []byte, v []any) ([]byte, error) {
		if len(v) != len(members) {
			return nil, invalid(fmt.Sprintf("%d values are no %s", len(v), name))
		}
		var body []byte
		for i, member := range members {
			begin := len(body)
			var err error
			if body, err = member.Append(body, v[i]); err != nil {
				return nil, err
			}
			if size := len(body) - begin; lengths && i < last {
				if legacy {
					dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
				} else if widths[i] < 0 {
					dst = appendLength(dst, size)
				}
			}
		}
		return append(dst, body...), nil
	}
	decode := func(stored []byte) ([]any, error) {
		sizes := append([]int{}, widths...)
		for i := 0; lengths && i < last; i++ {
			if legacy {
				if len(stored) < 4 {
					return nil, malformed(name)
				}
				sizes[i], stored = int(binary.LittleEndian.Uint32(stored)), stored[4:]
			} else if widths[i] < 0 {
				var ok bool
				if sizes[i], stored, ok = cutLength(stored); !ok {
					return nil, malformed(name)
				}
			}
		}
		v := make([]any, len(members))
		for i, member := range members {
			if i == last {
				sizes[i] = len(stored)
			}
			if sizes[i] > len(stored) {
				return nil, malformed(name)
			}
			var err error
			if v[i], err = member.Decode(stored[:sizes[i]]); err != nil {
				return nil, err
			}
			stored = stored[sizes[i]:]
		}
		return v, nil
	}
	return classed[[]any]{codec[[]any]{name, width, encode, decode}, class}
}

// A length takes one byte up to 253, else three or five.
func appendLength(dst []byte, n int) []byte {
	switch {
	case n < 254:
		return append(dst, byte(n))
	case n <= math.MaxUint16:
		return binary.LittleEndian.AppendUint16(append(dst, 254), uint16(n))
	}
	return binary.LittleEndian.AppendUint32(append(dst, 255), uint32(n))
}

func cutLength(stored []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(stored) == 0:
	case stored[0] < 254:
		return int(stored[0]), stored[1:], true
	case stored[0] == 254 && len(stored) >= 3:
		return int(binary.LittleEndian.Uint16(stored[1:])), stored[3:], true
	case stored[0] == 255 && len(stored) >= 5:
		return int(binary.LittleEndian.Uint32(stored[1:])), stored[5:], true
	}
	return 0, nil, false
}

// OptionOf is Option<T>; nil is None.
func OptionOf[T any](inner Codec[T]) Codec[*T] {
	name := "Option<" + inner.Type().Name + ">"
	width, padding := VariableWidth, 0
	if w := widthOf(inner); w >= 0 {
		width, padding = w+1, w
	}
	return codec[*T]{name, width,
		func(dst []byte, v *T) ([]byte, error) {
			if v == nil {
				return append(dst, make([]byte, 1+padding)...), nil
			}
			return inner.Append(append(dst, 1), *v)
		},
		func(stored []byte) (*T, error) {
			if len(stored) == 0 || stored[0] > 1 || stored[0] == 0 && len(stored) != 1+padding {
				return nil, malformed(name)
			}
			if stored[0] == 0 {
				return nil, nil
			}
			v, err := inner.Decode(stored[1:])
			if err != nil {
				return nil, err
			}
			return &v, nil
		}}
}

// Elements without bytes that a list may claim to have.
const maxEmptyElements = 1 << 20

// List is Vec<T>; not for keys.
func List[T any](element Codec[T]) Codec[[]T] {
	name := "Vec<" + element.Type().Name + ">"
	width := widthOf(element)
	return codec[[]T]{name, VariableWidth,
		func(dst []byte, v []T) ([]byte, error) {
			if uint64(len(v)) > math.MaxUint32 || width == 0 && len(v) > maxEmptyElements {
				return nil, invalid("too many elements for " + name)
			}
			dst = appendLength(dst, len(v))
			var one []byte
			for i := range v {
				var err error
				if one, err = element.Append(one[:0], v[i]); err != nil {
					return nil, err
				}
				if width < 0 {
					dst = appendLength(dst, len(one))
				}
				dst = append(dst, one...)
			}
			return dst, nil
		},
		func(stored []byte) ([]T, error) {
			count, rest, ok := cutLength(stored)
			if !ok || width == 0 && count > maxEmptyElements {
				return nil, malformed(name)
			}
			v := []T{}
			for i := 0; i < count; i++ {
				size := width
				if width < 0 {
					if size, rest, ok = cutLength(rest); !ok {
						return nil, malformed(name)
					}
				}
				if size > len(rest) {
					return nil, malformed(name)
				}
				one, err := element.Decode(rest[:size])
				if err != nil {
					return nil, err
				}
				v = append(v, one)
				rest = rest[size:]
			}
			if len(rest) != 0 {
				return nil, malformed(name)
			}
			return v, nil
		}}
}

// FloatVector is redb::vec::FixedVec<N>, N float32; not for keys.
func FloatVector(n int) Codec[[]float32] {
	c := Array(Float32, n).(codec[[]float32])
	c.name = "redb::vec::FixedVec<" + strconv.Itoa(n) + ">"
	return c
}

// FloatSequence is redb::vec::DynVec, any number of float32; not for keys.
var FloatSequence Codec[[]float32] = codec[[]float32]{"redb::vec::DynVec", VariableWidth,
	func(dst []byte, v []float32) ([]byte, error) {
		for _, one := range v {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(one))
		}
		return dst, nil
	},
	func(stored []byte) ([]float32, error) {
		if len(stored)%4 != 0 {
			return nil, malformed("redb::vec::DynVec")
		}
		v := make([]float32, len(stored)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(stored[4*i:]))
		}
		return v, nil
	}}

// Codecs for the types of Rust's uuid and chrono crates. Years go from -262143 to 262142. A leap second
// that ends a day is kept as what is past 24 hours; one inside of a day is read as the second behind it.
var (
	UUID = userType("uuid::Uuid", 16, // uuid::Uuid
		func(dst []byte, v [16]byte) ([]byte, error) { return append(dst, v[:]...), nil },
		func(stored []byte) (v [16]byte, ok bool) { copy(v[:], stored); return v, true })

	// Year, month and day of the time in its own zone; read as midnight in UTC.
	Date = userType("chrono::NaiveDate", 6, appendDate, func(stored []byte) (time.Time, bool) {
		return decodeDate(stored)
	})
	// The time since midnight.
	TimeOfDay = userType("chrono::NaiveTime", 7, appendTimeOfDay, decodeTimeOfDay)
	// Date and time of the time in its own zone; read in UTC.
	DateTime = userType("chrono::NaiveDateTime", 13, appendDateTime, decodeDateTime)
	// The moment with the offset of its zone; read in a zone of that offset alone. Keys are ordered by the
	// moment, and two that differ in the offset alone are one key.
	ZonedDateTime = userType("chrono::DateTime<chrono::FixedOffset>", 17, // its parts are those of UTC
		func(dst []byte, v time.Time) ([]byte, error) {
			dst, err := appendDateTime(dst, v.UTC())
			if err != nil {
				return nil, err
			}
			_, offset := v.Zone()
			return appendOffset(dst, offset)
		},
		func(stored []byte) (time.Time, bool) {
			v, ok := decodeDateTime(stored[:13])
			offset, ok2 := decodeOffset(stored[13:])
			return v.In(time.FixedZone("", offset)), ok && ok2
		})
	// Seconds east of UTC.
	ZoneOffset = userType("chrono::FixedOffset", 4, appendOffset, decodeOffset)
)

func userType[T any](name string, width int, encode func(dst []byte, v T) ([]byte, error),
	decode func(stored []byte) (T, bool)) Codec[T] {
	return classed[T]{codec[T]{name, width, encode, func(stored []byte) (T, error) {
		v, ok := decode(stored)
		if !ok {
			return v, malformed(name)
		}
		return v, nil
	}}, ClassUserDefined}
}

const (
	minYear = -262143
	maxYear = 262142
	day     = 24 * time.Hour
	daySecs = 24 * 60 * 60
)

func appendDate(dst []byte, v time.Time) ([]byte, error) {
	year, month, dayOfMonth := v.Date()
	if year < minYear || year > maxYear {
		return nil, invalid("the year is out of the range of chrono")
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(int32(year)))
	return append(dst, byte(month), byte(dayOfMonth)), nil
}

func decodeDate(stored []byte) (time.Time, bool) {
	year := int(int32(binary.LittleEndian.Uint32(stored)))
	month, dayOfMonth := time.Month(stored[4]), int(stored[5])
	v := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC)
	y, m, d := v.Date() // a day that does not exist becomes one of the next month
	return v, year >= minYear && year <= maxYear && y == year && m == month && d == dayOfMonth
}

func appendTimeOfDay(dst []byte, v time.Duration) ([]byte, error) {
	if v < 0 || v >= day+time.Second {
		return nil, invalid("the time is not within a day")
	}
	seconds := v / time.Second
	if seconds == daySecs {
		seconds--
	}
	dst = append(dst, byte(seconds), byte(seconds>>8), byte(seconds>>16))
	return binary.LittleEndian.AppendUint32(dst, uint32(v-seconds*time.Second)), nil
}

func decodeTimeOfDay(stored []byte) (time.Duration, bool) {
	seconds := time.Duration(stored[0]) | time.Duration(stored[1])<<8 | time.Duration(stored[2])<<16
	nanoseconds := time.Duration(binary.LittleEndian.Uint32(stored[3:]))
	leap := nanoseconds >= time.Second
	ok := seconds < daySecs && nanoseconds < 2*time.Second && (!leap || seconds%60 == 59)
	return seconds*time.Second + nanoseconds, ok
}

func appendDateTime(dst []byte, v time.Time) ([]byte, error) {
	dst, err := appendDate(dst, v)
	if err != nil {
		return nil, err
	}
	hour, minute, second := v.Clock()
	return appendTimeOfDay(dst, time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute+
		time.Duration(second)*time.Second+time.Duration(v.Nanosecond()))
}

func decodeDateTime(stored []byte) (time.Time, bool) {
	date, ok := decodeDate(stored[:6])
	clock, ok2 := decodeTimeOfDay(stored[6:])
	return date.Add(clock), ok && ok2
}

func appendOffset(dst []byte, seconds int) ([]byte, error) {
	if seconds <= -daySecs || seconds >= daySecs {
		return nil, invalid("the offset is a day or more")
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(int32(seconds))), nil
}

func decodeOffset(stored []byte) (int, bool) {
	seconds := int(int32(binary.LittleEndian.Uint32(stored)))
	return seconds, seconds > -daySecs && seconds < daySecs
}
