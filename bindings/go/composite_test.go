package rdb_test

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"rdb.example/rdb"
)

// storedAs checks the bytes of a value of any class against the format, both ways.
func storedAs[T any](t *testing.T, codec rdb.Codec[T], class rdb.TypeClass, name string, v T, want string) {
	t.Helper()
	equal(t, codec.Type(), rdb.Type{Class: class, Name: name})
	bytes, err := codec.Append([]byte("!"), v)
	check(t, err)
	equal(t, hex.EncodeToString(bytes[1:]), want)
	back, err := codec.Decode(bytes[1:])
	check(t, err)
	if !reflect.DeepEqual(back, v) {
		t.Errorf("%s: %v became %v", name, v, back)
	}
}

func pointer[T any](v T) *T { return &v }

func pair[A, B any](a A, b B) rdb.Pair[A, B] { return rdb.Pair[A, B]{First: a, Second: b} }

func TestCompositesWriteTheFormat(t *testing.T) {
	const builtin, tuple = rdb.ClassBuiltin, rdb.ClassTuple
	storedAs(t, rdb.OptionOf(rdb.Uint64), builtin, "Option<u64>", nil, "000000000000000000")
	storedAs(t, rdb.OptionOf(rdb.Uint64), builtin, "Option<u64>", pointer(uint64(7)), "010700000000000000")
	storedAs(t, rdb.OptionOf(rdb.String), builtin, "Option<&str>", nil, "00")
	storedAs(t, rdb.OptionOf(rdb.String), builtin, "Option<&str>", pointer("x"), "0178")
	storedAs(t, rdb.List(rdb.Uint16), builtin, "Vec<u16>", []uint16{1, 2, 3}, "03010002000300")
	storedAs(t, rdb.List(rdb.String), builtin, "Vec<&str>", []string{"a", "bcd", ""}, "0301610362636400")
	storedAs(t, rdb.PairOf(rdb.Uint64, rdb.Uint32), builtin, "(u64,u32)", pair(uint64(1), uint32(2)),
		"010000000000000002000000")
	storedAs(t, rdb.PairOf(rdb.Uint64, rdb.String), tuple, "(u64,&str)", pair(uint64(1), "hi"),
		"01000000000000006869")
	storedAs(t, rdb.PairOf(rdb.String, rdb.Uint8), tuple, "(&str,u8)", pair("hello", uint8(1)), "0568656c6c6f01")
	storedAs(t, rdb.TupleOf(rdb.Any(rdb.String), rdb.Any(rdb.Uint16), rdb.Any(rdb.Bytes), rdb.Any(rdb.String)),
		tuple, "(&str,u16,&[u8],&str)", []any{"ab", uint16(0x0102), []byte{0xaa, 0xbb, 0xcc}, "z"},
		"020361620201aabbcc7a")
	storedAs(t, rdb.LegacyPairOf(rdb.Uint64, rdb.String), builtin, "(u64,&str)", pair(uint64(1), "hi"),
		"0800000001000000000000006869")
	storedAs(t, rdb.LegacyTupleOf(rdb.Any(rdb.String), rdb.Any(rdb.Uint16), rdb.Any(rdb.Bytes),
		rdb.Any(rdb.String)), builtin, "(&str,u16,&[u8],&str)",
		[]any{"ab", uint16(0x0102), []byte{0xaa, 0xbb, 0xcc}, "z"}, "02000000020000000300000061620201aabbcc7a")
	inner := rdb.PairOf(rdb.Uint8, rdb.String)
	storedAs(t, rdb.PairOf(inner, rdb.Uint8), tuple, "((u8,&str),u8)", pair(pair(uint8(1), "q"), uint8(2)),
		"02017102")
	storedAs(t, rdb.Array(inner, 2), builtin, "[(u8,&str);2]",
		[]rdb.Pair[uint8, string]{pair(uint8(1), "q"), pair(uint8(2), "rs")}, "0a0000000d0000000171027273")
	storedAs(t, rdb.TripleOf(rdb.Bool, rdb.Uint8, rdb.Char), builtin, "(bool,u8,char)",
		rdb.Triple[bool, uint8, rune]{First: true, Second: 9, Third: 'a'}, "0109610000")
	storedAs(t, rdb.TupleOf(rdb.Any(rdb.String)), builtin, "(&str,)", []any{"a"}, "61")
	storedAs(t, rdb.FloatVector(2), builtin, "redb::vec::FixedVec<2>", []float32{1.5, 0}, "0000c03f00000000")
	storedAs(t, rdb.FloatSequence, builtin, "redb::vec::DynVec", []float32{1.5}, "0000c03f")
}

func TestLongMembersTakeLongerLengths(t *testing.T) {
	codec := rdb.PairOf(rdb.String, rdb.Uint8)
	for _, n := range []int{253, 254, 65535, 65536, 70000} {
		text := make([]byte, n)
		for i := range text {
			text[i] = 'x'
		}
		bytes, err := codec.Append(nil, pair(string(text), uint8(9)))
		check(t, err)
		head := 1
		if n > 253 {
			head = 3
		}
		if n > 65535 {
			head = 5
		}
		equal(t, len(bytes), head+n+1)
		back, err := codec.Decode(bytes)
		check(t, err)
		equal(t, len(back.First), n)
	}
}

func TestDatesAndTimesWriteTheFormat(t *testing.T) {
	const user = rdb.ClassUserDefined
	leapDay := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	storedAs(t, rdb.Date, user, "chrono::NaiveDate", leapDay, "e8070000021d")
	storedAs(t, rdb.TimeOfDay, user, "chrono::NaiveTime", 86399*time.Second+5, "7f510105000000")
	storedAs(t, rdb.TimeOfDay, user, "chrono::NaiveTime", 86400*time.Second+5, "7f510105ca9a3b")
	storedAs(t, rdb.DateTime, user, "chrono::NaiveDateTime", leapDay.Add(time.Hour), "e8070000021d100e0000000000")
	storedAs(t, rdb.ZoneOffset, user, "chrono::FixedOffset", -3600, "f0f1ffff")
	storedAs(t, rdb.UUID, user, "uuid::Uuid", [16]byte{0: 1, 15: 2}, "01000000000000000000000000000002")
	storedAs(t, rdb.OptionOf(rdb.Date), rdb.ClassBuiltin, "Option<chrono::NaiveDate>", &leapDay, "01e8070000021d")

	zoned := time.Date(2024, 2, 29, 1, 30, 0, 0, time.FixedZone("", 7200))
	bytes, err := rdb.ZonedDateTime.Append(nil, zoned)
	check(t, err)
	equal(t, hex.EncodeToString(bytes), "e8070000021c"+"784a01"+"00000000"+"201c0000")
	back, err := rdb.ZonedDateTime.Decode(bytes)
	check(t, err)
	equal(t, back.Equal(zoned), true)
	_, offset := back.Zone()
	equal(t, offset, 7200)

	refused(t, rdb.Date, time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC))
	refused(t, rdb.TimeOfDay, -time.Second)
	refused(t, rdb.TimeOfDay, 86401*time.Second)
	refused(t, rdb.ZoneOffset, 86400)
	torn(t, rdb.Date, "e7070000021d")        // no leap year
	torn(t, rdb.Date, "e80700000d01")        // a thirteenth month
	torn(t, rdb.TimeOfDay, "80510100000000") // the hour 24
	torn(t, rdb.TimeOfDay, "00000000ca9a3b") // a leap second at the beginning of a minute
	torn(t, rdb.ZoneOffset, "80510100")
	torn(t, rdb.DateTime, "e7070000021d00000000000000")
}

func TestMalformedCompositesAreCorrupted(t *testing.T) {
	text8 := rdb.PairOf(rdb.String, rdb.Uint8)
	torn(t, text8, "")
	torn(t, text8, "fe01")
	torn(t, text8, "ff010000")
	torn(t, text8, "056161")
	torn(t, text8, "ffffffffff61")
	torn(t, text8, "0161")
	torn(t, text8, "01610707")
	torn(t, rdb.LegacyPairOf(rdb.String, rdb.Uint8), "0000")
	torn(t, rdb.LegacyPairOf(rdb.String, rdb.Uint8), "ffffffff6107")
	torn(t, rdb.OptionOf(rdb.Uint16), "")
	torn(t, rdb.OptionOf(rdb.Uint16), "020000")
	torn(t, rdb.OptionOf(rdb.Uint16), "00")
	torn(t, rdb.OptionOf(rdb.Uint16), "0107")
	torn(t, rdb.List(rdb.String), "ffffffffff")
	torn(t, rdb.List(rdb.String), "01ffffffffff61")
	torn(t, rdb.List(rdb.Uint16), "ff000000800100")
	torn(t, rdb.List(rdb.Uint16), "01000000")
	torn(t, rdb.List(rdb.Unit), "ffffffffff")
	torn(t, rdb.Array(rdb.String, 2), "0900000008000000"+"61")
	torn(t, rdb.FloatSequence, "0000000000")

	_, err := rdb.TupleOf(rdb.Any(rdb.String), rdb.Any(rdb.Uint8)).Append(nil, []any{"a", 7})
	checkIs(t, err, rdb.ErrInvalidArgument)
	_, err = rdb.TupleOf(rdb.Any(rdb.String)).Append(nil, []any{"a", "b"})
	checkIs(t, err, rdb.ErrInvalidArgument)
}

func TestTablesOfCompositeKeysAreOrderedByTheirMembers(t *testing.T) {
	update(t, memory(t), func(tx *rdb.Tx) {
		table := rdb.TableOf(tx, "packages", rdb.PairOf(rdb.String, rdb.String), rdb.OptionOf(rdb.Uint32))
		for _, key := range [][2]string{{"net", "b"}, {"n", "zz"}, {"net", "a"}, {"admin", "z"}} {
			check(t, table.Put(pair(key[0], key[1]), pointer(uint32(1))))
		}
		var order []string
		check(t, table.Each(rdb.Range{}, func(key rdb.Pair[string, string], _ *uint32) error {
			order = append(order, key.First+"/"+key.Second)
			return nil
		}))
		equal(t, strings.Join(order, " "), "admin/z n/zz net/a net/b")
	})
}
