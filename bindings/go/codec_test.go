package rdb_test

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"

	"rdb.example/rdb"
)

// stored checks the bytes of a value against the format, both ways.
func stored[T any](t *testing.T, codec rdb.Codec[T], name string, v T, want string) {
	t.Helper()
	equal(t, codec.Type(), rdb.Builtin(name))
	bytes, err := codec.Append([]byte("!"), v)
	check(t, err)
	equal(t, hex.EncodeToString(bytes[1:]), want)
	back, err := codec.Decode(bytes[1:])
	check(t, err)
	if !reflect.DeepEqual(back, v) {
		t.Errorf("%s: %v became %v", name, v, back)
	}
}

func refused[T any](t *testing.T, codec rdb.Codec[T], v T) {
	t.Helper()
	_, err := codec.Append(nil, v)
	checkIs(t, err, rdb.ErrInvalidArgument)
}

func torn[T any](t *testing.T, codec rdb.Codec[T], text string) {
	t.Helper()
	bytes, err := hex.DecodeString(text)
	check(t, err)
	_, err = codec.Decode(bytes)
	checkIs(t, err, rdb.ErrCorrupted)
}

func wide(text string) *big.Int {
	v, _ := new(big.Int).SetString(text, 10)
	return v
}

func TestCodecsWriteTheFormat(t *testing.T) {
	stored(t, rdb.Bytes, "&[u8]", []byte{1, 2}, "0102")
	stored(t, rdb.String, "&str", "é", "c3a9")
	stored(t, rdb.OwnedString, "String", "", "")
	stored(t, rdb.Unit, "()", struct{}{}, "")
	stored(t, rdb.Bool, "bool", true, "01")
	stored(t, rdb.Bool, "bool", false, "00")
	stored(t, rdb.Char, "char", '\U0010ffff', "ffff10")
	stored(t, rdb.Uint8, "u8", 255, "ff")
	stored(t, rdb.Uint16, "u16", 0x0102, "0201")
	stored(t, rdb.Uint32, "u32", 0x01020304, "04030201")
	stored(t, rdb.Uint64, "u64", math.MaxUint64, "ffffffffffffffff")
	stored(t, rdb.Int8, "i8", -1, "ff")
	stored(t, rdb.Int16, "i16", -2, "feff")
	stored(t, rdb.Int32, "i32", math.MinInt32, "00000080")
	stored(t, rdb.Int64, "i64", -3, "fdffffffffffffff")
	stored(t, rdb.Uint128, "u128", wide("340282366920938463463374607431768211455"), "ffffffffffffffffffffffffffffffff")
	stored(t, rdb.Uint128, "u128", wide("258"), "02010000000000000000000000000000")
	stored(t, rdb.Int128, "i128", wide("-170141183460469231731687303715884105728"), "00000000000000000000000000000080")
	stored(t, rdb.Int128, "i128", wide("-1"), "ffffffffffffffffffffffffffffffff")
	stored(t, rdb.Float32, "f32", 1.5, "0000c03f")
	stored(t, rdb.Float64, "f64", math.Inf(-1), "000000000000f0ff")
	stored(t, rdb.FixedBytes(3), "[u8;3]", []byte{1, 2, 3}, "010203")
	stored(t, rdb.Array(rdb.Uint16, 2), "[u16;2]", []uint16{1, 2}, "01000200")
	stored(t, rdb.Array(rdb.String, 2), "[&str;2]", []string{"a", "bc"}, "090000000b000000616263")
	stored(t, rdb.Array(rdb.Array(rdb.String, 1), 1), "[[&str;1];1]", [][]string{{"a"}}, "090000000500000061")
}

func TestCodecsRefuseWhatTheTypeCannotHold(t *testing.T) {
	refused(t, rdb.String, "\xff")
	refused(t, rdb.Char, 0xd800)
	refused(t, rdb.Uint128, wide("-1"))
	refused(t, rdb.Uint128, nil)
	refused(t, rdb.Int128, wide("170141183460469231731687303715884105728"))
	refused(t, rdb.FixedBytes(3), []byte{1})
	refused(t, rdb.Array(rdb.Uint16, 2), []uint16{1})
	refused(t, rdb.Array(rdb.String, 1), []string{"\xff"})
}

func TestCodecsTellCorruption(t *testing.T) {
	torn(t, rdb.String, "ff")
	torn(t, rdb.Unit, "00")
	torn(t, rdb.Bool, "02")
	torn(t, rdb.Char, "00d800")
	torn(t, rdb.Uint64, "00")
	torn(t, rdb.Array(rdb.String, 2), "09000000")
	torn(t, rdb.Array(rdb.String, 2), "0c0000000b000000616263")   // behind the end
	torn(t, rdb.Array(rdb.String, 2), "0a00000009000000616263")   // backwards
	torn(t, rdb.Array(rdb.String, 2), "090000000a000000616263")   // something is left
	torn(t, rdb.Array(rdb.String, 2), "00000000090000006162")     // into the ends
	torn(t, rdb.Array(rdb.String, 2), "09000000ffffffff61626364") // far behind
}

func TestTypedTables(t *testing.T) {
	db := memory(t)
	tx := begin(t, db, true)
	ages := rdb.TableOf(tx, "ages", rdb.String, rdb.Uint64)
	check(t, ages.Put("ada", 36))
	check(t, ages.Put("bob", 7))
	checkIs(t, ages.Put("ada", 1, rdb.InsertOnly), rdb.ErrExists)
	age, err := ages.Get("ada")
	check(t, err)
	equal(t, age, 36)
	_, err = ages.Get("eve")
	checkIs(t, err, rdb.ErrNotFound)
	_, err = ages.Get("\xff")
	checkIs(t, err, rdb.ErrInvalidArgument)
	checkIs(t, ages.Put("\xff", 1), rdb.ErrInvalidArgument)
	_, err = ages.Contains("\xff")
	checkIs(t, err, rdb.ErrInvalidArgument)
	_, err = ages.Delete("\xff")
	checkIs(t, err, rdb.ErrInvalidArgument)
	found, err := ages.Contains("bob")
	check(t, err)
	equal(t, found, true)

	sum := uint64(0)
	check(t, ages.Each(rdb.Range{}, func(name string, age uint64) error { sum += age; return nil }))
	equal(t, sum, 43)
	mine := errors.New("mine")
	checkIs(t, ages.Each(rdb.Range{}, func(string, uint64) error { return mine }), mine)
	upper := "b"
	r, err := ages.Between(nil, &upper)
	check(t, err)
	equal(t, len(collect(t, ages.Table(), r)), 1)
	bad := "\xff"
	_, err = ages.Between(&bad, nil)
	checkIs(t, err, rdb.ErrInvalidArgument)

	n, err := ages.Len()
	check(t, err)
	equal(t, n, 2)
	name, age, err := ages.PopLast()
	check(t, err)
	equal(t, name, "bob")
	equal(t, age, 7)
	deleted, err := ages.Delete("ada")
	check(t, err)
	equal(t, deleted, true)
	_, _, err = ages.PopFirst()
	checkIs(t, err, rdb.ErrNotFound)

	var batch rdb.Batch
	check(t, ages.AddTo(&batch, "eve", 1))
	checkIs(t, ages.AddTo(&batch, "\xff", 1), rdb.ErrInvalidArgument)
	_, err = ages.Table().PutBatch(&batch)
	check(t, err)
	ofBoth, err := ages.GetBatch([]string{"eve", "ada"})
	check(t, err)
	if len(ofBoth) != 2 || *ofBoth[0] != 1 || ofBoth[1] != nil {
		t.Fatal(ofBoth)
	}
	_, err = ages.GetBatch([]string{"\xff"})
	checkIs(t, err, rdb.ErrInvalidArgument)
	n, err = ages.DeleteBatch([]string{"eve", "ada"})
	check(t, err)
	equal(t, n, 1)
	_, err = ages.DeleteBatch([]string{"\xff"})
	checkIs(t, err, rdb.ErrInvalidArgument)

	_, err = rdb.TableOf(tx, "ages", rdb.Uint64, rdb.Uint64).Get(1)
	checkIs(t, err, rdb.ErrTableOpen)
	if rdb.TableOf(tx, "ages", rdb.String, rdb.Uint64).Table() != ages.Table() {
		t.Fatal("the table was opened twice")
	}
}
