"""Composite keys and values, dates, times and identifiers."""

import datetime
import uuid
from typing import Optional

import pytest

import rdb

UTC = datetime.timezone.utc
LEAP_DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 1, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))

FORMAT = [
    ("Option<u64>", None, "000000000000000000"),
    ("Option<u64>", 7, "010700000000000000"),
    ("Option<&str>", None, "00"),
    ("Option<&str>", "x", "0178"),
    ("Vec<u16>", [1, 2, 3], "03010002000300"),
    ("Vec<&str>", ["a", "bcd", ""], "0301610362636400"),
    ("[&str;3]", ("test1", "hi", "world"), "11000000130000001800000074657374316869776f726c64"),
    ("(u64,u32)", (1, 2), "010000000000000002000000"),
    ("(u64,&str)", (1, "hi"), "01000000000000006869"),
    ("(&str,u8)", ("hello", 1), "0568656c6c6f01"),
    ("(&str,u16,&[u8],&str)", ("ab", 0x0102, b"\xaa\xbb\xcc", "z"), "020361620201aabbcc7a"),
    (("(u64,&str)", 1), (1, "hi"), "0800000001000000000000006869"),
    (("(&str,u16,&[u8],&str)", 1), ("ab", 0x0102, b"\xaa\xbb\xcc", "z"),
     "02000000020000000300000061620201aabbcc7a"),
    ("((u8,&str),u8)", ((1, "q"), 2), "02017102"),
    (("((u8,&str),u8)", 1), ((1, "q"), 2), "0600000001000000017102"),
    ("[(u8,&str);2]", ((1, "q"), (2, "rs")), "0a0000000d0000000171027273"),
    ("[(u8,u16);2]", ((1, 2), (3, 4)), "010200030400"),
    ("(&str,)", ("a",), "61"),
    ("(u8,[u8;2])", (1, b"ab"), "016162"),
    ("chrono::NaiveDate", LEAP_DAY, "e8070000021d"),
    ("chrono::NaiveTime", datetime.time(23, 59, 59, 5), "7f510188130000"),
    ("chrono::NaiveDateTime", datetime.datetime(2024, 2, 29, 1), "e8070000021d100e0000000000"),
    ("chrono::DateTime<chrono::FixedOffset>", MOMENT, "e8070000021c784a0100000000201c0000"),
    ("chrono::FixedOffset", datetime.timezone(datetime.timedelta(hours=-1)), "f0f1ffff"),
    ("uuid::Uuid", uuid.UUID(int=1 << 120 | 2), "01000000000000000000000000000002"),
    ("Option<chrono::NaiveDate>", LEAP_DAY, "01e8070000021d"),
]


@pytest.mark.parametrize(("type_name", "value", "stored"), FORMAT)
def test_values_are_stored_as_the_format_says(type_name, value, stored):
    assert rdb.encode(value, type_name).hex() == stored
    assert rdb.decode(bytes.fromhex(stored), type_name) == value


@pytest.mark.parametrize("size", [253, 254, 65535, 65536, 70000])
def test_long_members_take_longer_lengths(size):
    stored = rdb.encode(("x" * size, 9), "(&str,u8)")
    assert len(stored) == size + 1 + (1 if size < 254 else 3 if size < 65536 else 5)
    assert rdb.decode(stored, "(&str,u8)") == ("x" * size, 9)


@pytest.mark.parametrize(("type_name", "stored"), [
    ("(&str,u8)", ""), ("(&str,u8)", "fe01"), ("(&str,u8)", "ff010000"), ("(&str,u8)", "056161"),
    ("(&str,u8)", "ffffffffff61"), ("(&str,u8)", "0161"), ("(&str,u8)", "01610707"),
    (("(&str,u8)", 1), "0000"), (("(&str,u8)", 1), "ffffffff6107"),
    ("Option<u16>", ""), ("Option<u16>", "020000"), ("Option<u16>", "00"), ("Option<u16>", "0107"),
    ("Option<&str>", "0061"), ("Vec<&str>", "ffffffffff"), ("Vec<&str>", "01ffffffffff61"),
    ("Vec<u16>", "ff000000800100"), ("Vec<u16>", "01000000"), ("Vec<()>", "ffffffffff"),
    ("[&str;2]", "090000000800000061"), ("[&str;2]", "0900"),
    ("chrono::NaiveDate", "e7070000021d"), ("chrono::NaiveDate", "e80700000d01"),
    ("chrono::NaiveTime", "80510100000000"), ("chrono::NaiveTime", "00000000ca9a3b"),
    ("chrono::FixedOffset", "80510100"),
])
def test_what_is_no_value_of_its_type_is_corrupted(type_name, stored):
    with pytest.raises(rdb.CorruptedError):
        rdb.decode(bytes.fromhex(stored), type_name)


@pytest.mark.parametrize(("type_name", "value", "error"), [
    ("(&str,u8)", ("a",), rdb.UsageError), ("(&str,u8)", "ab", TypeError), ("(&str,u8)", 7, TypeError),
    ("(&str,u8)", ("a", 256), rdb.UsageError), ("(&str,u8)", (b"a", 1), TypeError),
    ("Vec<u8>", b"ab", TypeError), ("[&str;2]", ("a",), rdb.UsageError), ("uuid::Uuid", "x", TypeError),
    ("chrono::NaiveDate", MOMENT, TypeError), ("chrono::NaiveDateTime", MOMENT, rdb.UsageError),
    ("chrono::DateTime<chrono::FixedOffset>", datetime.datetime(2024, 1, 1), rdb.UsageError),
    ("chrono::NaiveTime", datetime.time(1, tzinfo=UTC), rdb.UsageError),
])
def test_values_that_do_not_suit_are_refused(type_name, value, error):
    with pytest.raises(error):
        rdb.encode(value, type_name)


@pytest.mark.parametrize(("given", "name", "type_class"), [
    ((str, int), "(&str,i64)", 3), (("u64", "&str"), "(u64,&str)", 3), ((int, float), "(i64,f64)", 1),
    ((str,), "(&str,)", 1), (tuple[str, int], "(&str,i64)", 3), (list[int], "Vec<i64>", 1),
    (Optional[str], "Option<&str>", 1), (str | None, "Option<&str>", 1), (uuid.UUID, "uuid::Uuid", 2),
    (datetime.date, "chrono::NaiveDate", 2), (datetime.time, "chrono::NaiveTime", 2),
    (datetime.datetime, "chrono::DateTime<chrono::FixedOffset>", 2),
    (datetime.timezone, "chrono::FixedOffset", 2), ((datetime.date, str), "(chrono::NaiveDate,&str)", 3),
    (rdb.TypeName("(u64,&str)", 1), "(u64,&str)", 1), ("Option<(u64,&str)>", "Option<(u64,&str)>", 1),
])
def test_types_are_named_by_what_python_has(given, name, type_class):
    with rdb.open_memory() as db, db.write() as txn:
        table = txn.table("t", key="u8", value=given)
        assert table.describe().value == rdb.TypeName(name, type_class)


def test_dates_beyond_those_of_python_are_left_to_raw_tables():
    with rdb.open_memory() as db, db.write() as txn:
        with pytest.raises(rdb.UsageError, match="raw=True"):
            rdb.decode(bytes.fromhex("00000000" "0101"), datetime.date)
        assert rdb.decode(bytes.fromhex("7f510105ca9a3b"), datetime.time) == datetime.time(23, 59, 59, 999999)
        table = txn.table("t", key=datetime.date, value=list[str])
        table[LEAP_DAY] = ["leap", "day"]
        table[datetime.date(1, 12, 31)] = []
        assert list(table.items()) == [(datetime.date(1, 12, 31), []), (LEAP_DAY, ["leap", "day"])]


def test_a_table_of_tuples_is_ordered_by_section_then_name():
    with rdb.open_memory() as db, db.write() as txn:
        table = txn.table("packages", key=(str, str), value=Optional[int])
        table.update({("net", "b"): 1, ("n", "zz"): None, ("net", "a"): 2, ("admin", "z"): 3})
        assert list(table) == [("admin", "z"), ("n", "zz"), ("net", "a"), ("net", "b")]
        assert [key for key, _ in table.range(("n", ""), ("net", "b"))] == [("n", "zz"), ("net", "a")]
        assert table["n", "zz"] is None
        assert ("ne", "ta") not in table
        with pytest.raises(TypeError, match="prefixes"):
            table.prefix(("net",))
