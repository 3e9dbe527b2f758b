"""Tables are mappings in key order."""

import collections.abc

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import rdb


def test_tables_are_registered_as_mappings(reader, table):
    assert isinstance(table, collections.abc.MutableMapping)
    plain = reader.table("t")
    assert isinstance(plain, collections.abc.Mapping)
    assert not isinstance(plain, collections.abc.MutableMapping)
    assert isinstance(iter(plain), collections.abc.Iterator)


def test_records_come_and_go(table):
    table[b"a"] = b"1"
    table.put(b"b", b"2")
    assert table[b"a"] == b"1"
    assert b"b" in table and b"c" not in table
    assert len(table) == 2
    del table[b"a"]
    with pytest.raises(KeyError) as caught:
        table[b"a"]
    assert caught.value.args == (b"a",)
    with pytest.raises(KeyError):
        del table[b"a"]
    assert table.get(b"a") is None
    assert table.get(b"a", 7) == 7
    assert table.discard(b"b") is True
    assert table.discard(b"b") is False
    assert len(table) == 0


def test_insert_and_replace_say_whether_they_stored(table):
    assert table.replace(b"k", b"1") is False
    assert b"k" not in table
    assert table.insert(b"k", b"1") is True
    assert table.insert(b"k", b"2") is False
    assert table[b"k"] == b"1"
    assert table.replace(b"k", b"3") is True
    assert table[b"k"] == b"3"


def test_pop_and_setdefault_are_those_of_dict(table):
    table.update({b"a": b"1", b"b": b"2", b"c": b"3"})
    assert table.pop(b"b") == b"2"
    assert table.pop(b"b", None) is None
    with pytest.raises(KeyError):
        table.pop(b"b")
    assert table.setdefault(b"a", b"9") == b"1"
    assert table.setdefault(b"z", b"9") == b"9"
    assert table.popitem() == (b"z", b"9")
    assert table.pop_first() == (b"a", b"1")
    assert table.pop_last() == (b"c", b"3")
    assert table.pop_first() is None and table.pop_last() is None
    with pytest.raises(KeyError):
        table.popitem()


def test_clear_leaves_nothing(table):
    table.update((b"%05d" % i, bytes(50)) for i in range(2000))
    table.clear()
    assert len(table) == 0 and list(table) == []
    table[b"a"] = b"1"
    assert dict(table.items()) == {b"a": b"1"}


def test_update_takes_mappings_pairs_tables_and_names(db, writer):
    table = writer.table("text", key=str, value=str)
    table.update({"a": "1"})
    table.update([("b", "2"), ["c", "3"]])
    table.update(d="4")
    other = writer.table("other", key=str, value=str)
    other.update(table)
    other.update(table.range("a", "b"))
    assert dict(other.items()) == {"a": "1", "b": "2", "c": "3", "d": "4"}
    with pytest.raises(ValueError):
        table.update([("a", "b", "c")])
    with pytest.raises(TypeError):
        table.update(5)


def test_ranges_have_the_limits_that_were_asked_for(reader):
    table = reader.table("t")

    def keys(*args, **kwargs):
        return [int(key[1:]) for key in table.range(*args, **kwargs).only_keys()]

    assert keys(b"k010", b"k013") == [10, 11, 12]
    assert keys(b"k010", b"k013", include_lower=False, include_upper=True) == [11, 12, 13]
    assert keys(b"k010", b"k013", reverse=True) == [12, 11, 10]
    assert keys(b"k998") == [998, 999]
    assert keys(None, b"k002") == [0, 1]
    assert keys(b"k5", b"k3") == []
    assert len(table.range(b"k100", b"k900")) == 800
    assert list(reversed(table.range(b"k010", b"k012"))) == [(b"k011", b"v11"), (b"k010", b"v10")]


def test_prefixes_end_where_the_last_byte_can_be_raised(table):
    keys = [b"", b"a", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff", b"\xff\xffz"]
    table.update((key, b"") for key in keys)
    for prefix in [b"", b"a", b"a\xff", b"\xff", b"\xff\xff", b"c"]:
        expected = sorted(key for key in keys if key.startswith(prefix))
        assert list(table.prefix(prefix).only_keys()) == expected
        assert list(table.prefix(prefix, reverse=True).only_keys()) == expected[::-1]


def test_prefixes_are_for_text_and_bytes_only(writer):
    with pytest.raises(TypeError):
        writer.table("n", key=int).prefix(5)


def test_views_know_their_size_and_members(reader):
    table = reader.table("t")
    assert len(table.keys()) == len(table.values()) == len(table.items()) == 1000
    assert b"k005" in table.keys() and b"nope" not in table.keys()
    assert b"v999" in table.values() and b"nope" not in table.values()
    assert (b"k001", b"v1") in table.items() and (b"k001", b"v2") not in table.items()
    assert list(table.range(b"k0", b"k002").only_values()) == [b"v0", b"v1"]
    assert table.first() == (b"k000", b"v0")
    assert table.last() == (b"k999", b"v999")


def test_an_empty_table_has_no_ends(table):
    assert table.first() is None and table.last() is None
    assert list(table) == [] and list(reversed(table)) == []


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 4096, 70_000, 3_000_000])
def test_values_of_every_size_come_back(table, size):
    value = bytes(i * 7 & 255 for i in range(min(size, 5000))) * max(1, size // 5000)
    value = value[:size]
    table[b"k"] = value
    assert table[b"k"] == value
    assert table.get_batch([b"k"]) == [value]
    assert list(table.items()) == [(b"k", value)]
    assert list(reversed(table.items())) == [(b"k", value)]


def test_scans_mix_small_and_large_records(table):
    records = {b"%04d" % i: bytes([i & 255]) * (i % 7 * 30_000) for i in range(60)}
    table.update(records)
    assert dict(table.items()) == records
    assert list(reversed(table.keys())) == sorted(records, reverse=True)


def test_buffers_are_accepted_as_keys_and_values(table):
    table[bytearray(b"a")] = memoryview(b"xyz")[1:]
    assert table[memoryview(b"a")] == b"yz"
    with pytest.raises(rdb.LayoutError):
        table[b"a"] = memoryview(b"xyzxyz")[::2]
    with pytest.raises(TypeError):
        table["a"] = b""
    with pytest.raises(TypeError):
        table[b"a"] = 5


def test_one_writer_may_ask_for_a_table_twice(writer):
    first = writer.table("t")
    second = writer.table("t")
    first[b"a"] = b"1"
    assert second[b"a"] == b"1"
    with pytest.raises(rdb.TableTypeError):
        writer.table("t", key=str)
    first.close()
    with pytest.raises(rdb.ClosedError):
        second[b"a"]
    assert writer.table("t")[b"a"] == b"1"


def test_tables_are_listed_renamed_and_deleted(db):
    with db.write() as txn:
        txn.table("a")[b"k"] = b"v"
        txn.table("b", key="u32", value="[u8;4]")
        assert [info.name for info in txn.tables()] == ["a", "b"]
        txn.rename_table("a", "c")
        assert txn.delete_table("b") is True
        assert txn.delete_table("b") is False
        with pytest.raises(rdb.TableMissingError):
            txn.rename_table("nope", "d")
    with db.read() as txn:
        assert [info.name for info in txn.tables()] == ["c"]
        info = txn.find_table("c")
        assert info == txn.table("c").describe()
        assert info.entries == 1 and info.key == rdb.TypeName("&[u8]") and info.kind == "normal"
        assert txn.find_table("a") is None
        stats = txn.table("c").stats()
        assert stats.entries == 1 and stats.tree_height == 1


def test_an_open_table_is_not_renamed(writer):
    table = writer.table("t")
    with pytest.raises(rdb.TableError):
        writer.rename_table("t", "u")
    table.close()
    writer.rename_table("t", "u")


class Model(RuleBasedStateMachine):
    """A table beside a dict that gets the same calls."""

    keys = st.binary(max_size=12)
    values = st.binary(max_size=40)

    def __init__(self):
        super().__init__()
        self.db = rdb.open_memory()
        self.txn = self.db.write()
        self.table = self.txn.table("t")
        self.model = {}

    @rule(key=keys, value=values)
    def put(self, key, value):
        self.table[key] = value
        self.model[key] = value

    @rule(records=st.dictionaries(keys, values, max_size=30))
    def update(self, records):
        self.table.update(records)
        self.model.update(records)

    @rule(key=keys)
    def pop(self, key):
        assert self.table.pop(key, None) == self.model.pop(key, None)

    @rule(doomed=st.lists(keys, max_size=10))
    def delete_batch(self, doomed):
        count = self.table.delete_batch(doomed)
        assert count == len({key for key in doomed if key in self.model})
        for key in doomed:
            self.model.pop(key, None)

    @rule(lower=st.none() | keys, upper=st.none() | keys, low=st.booleans(), high=st.booleans(),
          reverse=st.booleans())
    def look_at_range(self, lower, upper, low, high, reverse):
        def inside(key):
            above = lower is None or key > lower or (low and key == lower)
            return above and (upper is None or key < upper or (high and key == upper))

        expected = sorted((k, v) for k, v in self.model.items() if inside(k))
        got = self.table.range(lower, upper, include_lower=low, include_upper=high, reverse=reverse)
        assert list(got) == (expected[::-1] if reverse else expected)
        assert len(got) == len(expected)

    @rule(wanted=st.lists(keys, max_size=20))
    def get_batch(self, wanted):
        assert self.table.get_batch(wanted, 0) == [self.model.get(key, 0) for key in wanted]

    @rule()
    def commit(self):
        self.txn.commit()
        with self.db.read() as reader:
            assert dict(reader.table("t").items()) == self.model
        self.txn = self.db.write()
        self.table = self.txn.table("t")

    @invariant()
    def agrees(self):
        assert len(self.table) == len(self.model)
        assert list(self.table) == sorted(self.model)

    def teardown(self):
        self.txn.abort()
        self.db.close()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=20))
@settings(max_examples=40, deadline=None)
def test_text_is_ordered_as_its_utf8(records):
    with rdb.open_memory() as db, db.write() as txn:
        table = txn.table("t", key=str, value=str)
        table.update(records)
        assert list(table.items()) == sorted(records.items(), key=lambda pair: pair[0].encode())
