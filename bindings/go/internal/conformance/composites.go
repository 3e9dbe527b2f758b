package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rdb.example/rdb"
)

// boxed is a form as a member of a composite takes it.
func (c coded[T]) boxed() coded[any] {
	return coded[any]{rdb.Any(c.codec), func(v any) (any, error) { return c.parse(v) }}
}

// composite is a form whose values may also be given as they are stored.
type composite struct{ coded[any] }

func (c composite) encode(v any) ([]byte, error) {
	if stored, err := bytesOf(v); err == nil {
		return stored, nil
	}
	return c.coded.encode(v)
}

// numbersOf reads the numbers of a date or time.
func numbersOf(v any, name string, count int) ([]int, error) {
	list, err := member[[]any](v, name)
	if err == nil && len(list) != count {
		err = fmt.Errorf("%v are not %d numbers", list, count)
	}
	numbers := make([]int, count)
	for i := 0; err == nil && i < count; i++ {
		numbers[i], err = strconv.Atoi(fmt.Sprint(list[i]))
	}
	return numbers, err
}

func dateTime(n []int) time.Time {
	return time.Date(n[0], time.Month(n[1]), n[2], 0, 0, n[3], n[4], time.UTC)
}

// Forms of the types that are user-defined on their own.
var moments = map[string]coded[any]{
	"uuid::Uuid": coded[[16]byte]{rdb.UUID, func(v any) (id [16]byte, err error) {
		text, err := member[string](v, "uuid")
		if err == nil {
			_, err = hex.Decode(id[:], []byte(text))
		}
		return id, err
	}}.boxed(),
	"chrono::NaiveDate": coded[time.Time]{rdb.Date, func(v any) (time.Time, error) {
		n, err := numbersOf(v, "date", 3)
		return dateTime(append(n, 0, 0)), err
	}}.boxed(),
	"chrono::NaiveTime": coded[time.Duration]{rdb.TimeOfDay, func(v any) (time.Duration, error) {
		n, err := numbersOf(v, "time", 2)
		return time.Duration(n[0])*time.Second + time.Duration(n[1]), err
	}}.boxed(),
	"chrono::NaiveDateTime": coded[time.Time]{rdb.DateTime, func(v any) (time.Time, error) {
		n, err := numbersOf(v, "datetime", 5)
		return dateTime(n), err
	}}.boxed(),
	"chrono::DateTime<chrono::FixedOffset>": coded[time.Time]{rdb.ZonedDateTime, func(v any) (time.Time, error) {
		n, err := numbersOf(v, "zoned", 6)
		return dateTime(n).In(time.FixedZone("", n[5])), err
	}}.boxed(),
	"chrono::FixedOffset": coded[int]{rdb.ZoneOffset, func(v any) (int, error) {
		text, err := member[json.Number](v, "offset")
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(text.String())
	}}.boxed(),
}

func listOf(v any, name string, element coded[any]) ([]any, error) {
	list, err := member[[]any](v, name)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(list))
	for i := range values {
		if values[i], err = element.parse(list[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// compose puts the form of a type together from those of its members.
func compose(t rdb.Type) (form, bool) {
	if t.Class == rdb.ClassUserDefined {
		moment, ok := moments[t.Name]
		return composite{moment}, ok
	}
	legacy := t.Class == rdb.ClassBuiltin && strings.HasPrefix(t.Name, "(") && !strings.HasSuffix(t.Name, ",)")
	f, ok := partOf(t.Name, legacy)
	return composite{f}, ok && f.codec != nil && f.codec.Type() == t
}

// partOf is the form of a part of a type. legacy: tuples are as redb 2 wrote them.
func partOf(name string, legacy bool) (coded[any], bool) {
	if moment, ok := moments[name]; ok {
		return moment, true
	}
	if name == "&[u8]" {
		return bytesForm.boxed(), true
	}
	if scalar, ok := scalars[name].(interface{ boxed() coded[any] }); ok {
		return scalar.boxed(), true
	}
	switch {
	case strings.HasPrefix(name, "Option<") && strings.HasSuffix(name, ">"):
		inner, ok := partOf(name[len("Option<"):len(name)-1], legacy)
		if !ok {
			return inner, false
		}
		return optionForm(inner), true
	case strings.HasPrefix(name, "Vec<") && strings.HasSuffix(name, ">"):
		element, ok := partOf(name[len("Vec<"):len(name)-1], legacy)
		if !ok {
			return element, false
		}
		return coded[[]any]{rdb.List(element.codec), func(v any) ([]any, error) {
			return listOf(v, "vec", element)
		}}.boxed(), true
	case strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]"):
		at := strings.LastIndex(name, ";")
		if at < 0 {
			return coded[any]{}, false
		}
		n, err := strconv.Atoi(name[at+1 : len(name)-1])
		element, ok := partOf(name[1:at], legacy)
		if !ok || err != nil || n < 0 {
			return element, false
		}
		return coded[[]any]{rdb.Array(element.codec, n), func(v any) ([]any, error) {
			return listOf(v, "list", element)
		}}.boxed(), true
	case strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")"):
		return tupleForm(name, legacy)
	}
	return coded[any]{}, false
}

func optionForm(inner coded[any]) coded[any] {
	return coded[*any]{rdb.OptionOf(inner.codec), func(v any) (*any, error) {
		some, err := member[any](v, "some")
		if err != nil {
			_, err = member[bool](v, "none")
			return nil, err
		}
		there, err := inner.parse(some)
		return &there, err
	}}.boxed()
}

func tupleForm(name string, legacy bool) (coded[any], bool) {
	var members []coded[any]
	var codecs []rdb.Codec[any]
	depth, begin := 0, 1
	for i, c := range name {
		switch c {
		case '(', '[', '<':
			depth++
		case ')', ']', '>':
			depth--
		}
		if depth > 1 || c != ',' && depth != 0 || i == begin {
			continue
		}
		f, ok := partOf(name[begin:i], legacy)
		if !ok {
			return f, false
		}
		members, codecs, begin = append(members, f), append(codecs, f.codec), i+1
	}
	if len(codecs) == 0 || len(codecs) > 12 {
		return coded[any]{}, false
	}
	codec := rdb.TupleOf(codecs...)
	if legacy {
		codec = rdb.LegacyTupleOf(codecs...)
	}
	return coded[[]any]{codec, func(v any) ([]any, error) {
		list, err := member[[]any](v, "tuple")
		if err == nil && len(list) != len(members) {
			err = fmt.Errorf("%v are not %d members", list, len(members))
		}
		values := make([]any, len(members))
		for i := 0; err == nil && i < len(values); i++ {
			values[i], err = members[i].parse(list[i])
		}
		return values, err
	}}.boxed(), true
}
