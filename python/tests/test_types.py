"""Typed tables: every stored type as Python's own."""

import math

import pytest

import rdb

LIMITS = [(f"{sign}{bits}", -(2 ** (bits - 1)) if sign == "i" else 0,
           2 ** (bits - 1) - 1 if sign == "i" else 2**bits - 1)
          for sign in "iu" for bits in (8, 16, 32, 64, 128)]


@pytest.mark.parametrize("name, low, high", LIMITS)
def test_integers_reach_their_limits_and_no_further(writer, name, low, high):
    table = writer.table("t", key=name, value=name)
    numbers = sorted({low, low + 1, -1 if low < 0 else 1, 0, 1, high - 1, high})
    table.update((number, number) for number in reversed(numbers))
    assert list(table.items()) == [(number, number) for number in numbers]
    for wrong in (low - 1, high + 1, 2**200, -(2**200)):
        with pytest.raises(rdb.UsageError) as caught:
            table[wrong] = 0
        assert caught.value.name == "RDB_ERR_INVALID_ARGUMENT"
        assert isinstance(caught.value, ValueError)
    for wrong in ("1", b"1", 1.0, None):
        with pytest.raises(TypeError):
            table[wrong] = 0


def test_numbers_of_numpy_are_numbers(writer):
    numpy = pytest.importorskip("numpy")
    table = writer.table("t", key="u32", value=float)
    table[numpy.uint32(7)] = numpy.float32(0.5)
    assert table[7] == 0.5


@pytest.mark.parametrize("name", ["f32", "f64"])
@pytest.mark.parametrize("number", [0.0, -0.0, 1.5, -2.25, math.inf, -math.inf])
def test_floats_come_back(writer, name, number):
    table = writer.table("t", value=name)
    table[b"k"] = number
    assert table[b"k"] == number
    assert math.copysign(1, table[b"k"]) == math.copysign(1, number)
    table[b"k"] = math.nan
    assert math.isnan(table[b"k"])


def test_floats_too_large_are_refused(writer):
    with pytest.raises(rdb.UsageError):
        writer.table("t", value="f32")[b"k"] = 1e300
    with pytest.raises(rdb.UsageError):
        writer.table("u", value=float)[b"k"] = 10**400
    with pytest.raises(TypeError):
        writer.table("u", value=float)[b"k"] = "1.5"


def test_bools_chars_and_units(writer):
    bools = writer.table("b", key=bool, value=bool)
    bools.update({True: False, False: True})
    assert list(bools.items()) == [(False, True), (True, False)]
    with pytest.raises(TypeError):
        bools[1] = True
    chars = writer.table("c", key="char", value="char")
    chars.update({"é": "\U0010ffff", "a": "\0"})
    assert list(chars.items()) == [("a", "\0"), ("é", "\U0010ffff")]
    for wrong in ("", "ab", "\ud800"):
        with pytest.raises(rdb.UsageError):
            chars[wrong] = "a"
    with pytest.raises(TypeError):
        chars[5] = "a"
    units = writer.table("u", value=type(None))
    units[b"k"] = None
    assert units[b"k"] is None and b"k" in units
    with pytest.raises(TypeError):
        units[b"k"] = 0


def test_text_that_is_no_utf8_is_refused(writer):
    table = writer.table("t", key=str, value="String")
    table["ключ"] = "значение"
    assert table["ключ"] == "значение"
    with pytest.raises(UnicodeEncodeError):
        table["\ud800"] = "x"
    with pytest.raises(TypeError):
        table[b"k"] = "x"


def test_stored_text_that_is_no_utf8_is_told(path):
    # Written as bytes of another type's table, then read under that name from a patched file.
    with rdb.open(path) as db, db.write() as txn:
        txn.table("t", key="u8", value=str)[1] = "MARK"
    data = path.read_bytes()
    assert data.count(b"MARK") == 1
    path.write_bytes(data.replace(b"MARK", b"\xff\xfe\xff\xfe"))
    with rdb.open(path, mode="read_only", read_verification="none") as db, db.read() as txn:
        table = txn.table("t", key="u8", value=str)
        with pytest.raises(UnicodeDecodeError):
            table[1]
        with pytest.raises(UnicodeDecodeError):
            list(table.items())
        assert list(table) == [1]


def test_stored_bytes_that_are_no_value_are_corruption(path):
    with rdb.open(path) as db, db.write() as txn:
        txn.table("t", value="[bool;8]")[b"KEY"] = [True] * 8
    data = path.read_bytes()
    assert data.count(b"KEY" + b"\1" * 8) == 1
    path.write_bytes(data.replace(b"KEY" + b"\1" * 8, b"KEY" + b"\1" * 7 + b"\7"))
    with rdb.open(path, mode="read_only", read_verification="none") as db, db.read() as txn:
        with pytest.raises(rdb.CorruptedError):
            txn.existing_table("t")[b"KEY"]
        assert txn.existing_table("t", buffers=True)[b"KEY"] == b"\1" * 7 + b"\7"


def test_arrays_are_tuples(writer):
    table = writer.table("t", key="[u16;2]", value="[[f32;2];2]")
    table[[1, 2]] = ((0.5, 1.5), [2.5, 3.5])
    table[0, 9] = ((0, 0), (0, 0))
    assert list(table.items()) == [((0, 9), ((0, 0), (0, 0))), ((1, 2), ((0.5, 1.5), (2.5, 3.5)))]
    for wrong in ((1,), (1, 2, 3)):
        with pytest.raises(rdb.UsageError):
            table[wrong]
    with pytest.raises(TypeError):
        table[5]
    with pytest.raises(rdb.UsageError):
        table[1, 70000]


def test_bytes_of_one_length(writer):
    table = writer.table("t", key="[u8;4]", value="[[u8;2];2]")
    table[b"abcd"] = (b"xy", b"zw")
    assert list(table.items()) == [(b"abcd", (b"xy", b"zw"))]
    for wrong in (b"abc", b"abcde", b""):
        with pytest.raises(rdb.UsageError):
            table[wrong] = (b"xy", b"zw")
    with pytest.raises(rdb.UsageError):
        table[b"abcd"] = (b"x", b"zw")


def test_tables_are_opened_under_the_types_they_are_stored_with(db):
    with db.write() as txn:
        txn.table("t", key=int, value=str)[5] = "five"
    with db.read() as txn:
        assert dict(txn.existing_table("t").items()) == {5: "five"}
        with pytest.raises(rdb.TableTypeError) as caught:
            txn.table("t")
        assert isinstance(caught.value, TypeError)
        with pytest.raises(rdb.TableTypeError):
            txn.table("t", key="u64", value=str)


def test_types_of_an_application_are_bytes(db):
    with db.write() as txn:
        with pytest.raises(rdb.UnsupportedError):  # none is created, those that are there are read
            txn.table("t", key="u8", value=rdb.TypeName("my::Point", 2))
        txn.table("u", key="redb::temporal::HLC")[bytes(range(8))] = b"x"
    with db.read() as txn:
        assert txn.find_table("u").key == ("redb::temporal::HLC", 1)
        assert dict(txn.existing_table("u").items()) == {bytes(range(8)): b"x"}
        assert dict(txn.existing_table("u", raw=True).items()) == {bytes(range(8)): b"x"}


@pytest.mark.parametrize("wrong", [5, [], (), object(), dict, ("u8", 5, 7), b"u8"])
def test_what_is_no_type_is_refused(writer, wrong):
    with pytest.raises(TypeError):
        writer.table("t", key=wrong)
