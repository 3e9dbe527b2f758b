"""Batches from iterables, arrays and buffers."""

import array
import random

import numpy
import pytest

import rdb


def test_batches_of_objects(table):
    keys = [b"%05d" % i for i in range(10_000)]
    assert table.put_batch(keys, (key * 2 for key in keys)) == 10_000
    assert len(table) == 10_000
    assert table.get_batch(iter(keys[::-1])) == [key * 2 for key in reversed(keys)]
    assert table.get_batch([b"nope", keys[0]], default=b"?") == [b"?", b"0000000000"]
    assert table.put_batch(keys[:2] + [b"new"], [b"x"] * 3, mode="insert") == 1
    assert table[keys[0]] == b"0000000000"
    assert table.put_batch([keys[0], b"other"], [b"y"] * 2, mode="replace") == 1
    assert table[keys[0]] == b"y" and b"other" not in table
    assert table.put_items({b"new": b"1", b"newer": b"2"}, mode="insert") == 1
    assert table.delete_batch(keys[:100] + [b"nope"]) == 100
    assert len(table) == 9_902
    assert table.get_batch([]) == [] and table.put_batch([], []) == 0 and table.delete_batch([]) == 0
    with pytest.raises(rdb.UsageError):
        table.put_batch([], [], mode="maybe")


def test_the_last_of_equal_keys_wins_whatever_the_order(writer):
    # Puts are sorted inside; what they leave must not tell.
    rng = random.Random(1)
    for key in (bytes, "u16", "i32", "[u8;2]"):
        table = writer.table(f"t {key}", key=key, value=int)
        make = {bytes: lambda n: b"common prefix %d" % n, "[u8;2]": lambda n: n.to_bytes(2, "big")}.get(key, int)
        low = -300 if key == "i32" else 0
        pairs = [(make(rng.randrange(low, 300)), i) for i in range(9000)]
        table.put_batch([k for k, _ in pairs], [v for _, v in pairs])
        assert dict(table.items()) == dict(pairs)
        assert table.put_items(pairs, mode="insert") == 0
        table.clear()
        assert table.put_items(pairs, mode="insert") == len(dict(pairs))
        assert dict(table.items()) == dict(reversed(pairs))


def test_lengths_must_agree(table):
    for keys, values in (([b"a", b"b"], [b"1"]), ([b"a"], [b"1", b"2"]),
                         (numpy.zeros((2, 4), "u1"), [b"1"]), ([b"a"], numpy.zeros((2, 4), "u1")),
                         ([b"a", b"b"], numpy.zeros((1, 4), "u1"))):
        with pytest.raises(rdb.LayoutError) as caught:
            table.put_batch(keys, values)
        assert isinstance(caught.value, (ValueError, BufferError))


def test_errors_name_the_record(writer):
    table = writer.table("t", key="[u8;2]")
    keys = [b"%02d" % (i % 100) for i in range(6000)]
    keys[5000] = b"too long"
    with pytest.raises(rdb.UsageError) as caught:
        table.put_batch(keys, [b""] * 6000)
    assert caught.value.position == 5000
    with pytest.raises(rdb.UsageError) as caught:
        table.get_batch(keys)
    assert caught.value.position == 5000


def test_what_an_iterable_raises_comes_through(table):
    def records():
        yield b"a", b"1"
        raise LookupError("half way")

    for use in (table.update, table.put_items, table.get_batch, table.delete_batch):
        with pytest.raises((LookupError, TypeError)):
            use(records())
    with pytest.raises(LookupError, match="half way"):
        table.update(records())
    with pytest.raises(LookupError):
        table.put_batch([b"a", b"b"], (pair[1] for pair in records()))
    for wrong in (5, None, b"one key", "one key", bytearray(b"k")):
        with pytest.raises(TypeError):
            table.get_batch(wrong)
        with pytest.raises(TypeError):
            table.delete_batch(wrong)


@pytest.mark.parametrize("name, dtype", [("u8", "u1"), ("u16", "u2"), ("u32", "u4"), ("u64", "u8"),
                                         ("i8", "i1"), ("i16", "i2"), ("i32", "i4"), ("i64", "i8")])
def test_arrays_of_numbers_are_read_where_they_lie(writer, name, dtype):
    table = writer.table("t", key=name, value="f64")
    keys = numpy.arange(100).astype(dtype)
    values = numpy.arange(100) / 7
    assert table.put_batch(keys, values) == 100
    assert table[42] == 6.0
    out = numpy.full(100, -1.0)
    found = table.get_batch(keys[::-1], out=out)
    assert bytes(found) == b"\1" * 100 and (out == values[::-1]).all()
    assert table.get_batch(keys[::25]) == [0, 25 / 7, 50 / 7, 75 / 7]
    assert table.delete_batch(keys[1::2]) == 50
    out = numpy.full(100, -1.0)
    found = numpy.frombuffer(table.get_batch(keys, out=out), bool)
    assert found.tolist() == [True, False] * 50
    assert (out[~found] == -1).all() and (out[found] == values[::2]).all()


def test_arrays_of_other_elements_are_refused(writer):
    table = writer.table("t", key="u32", value="f32")
    good = numpy.zeros(4, "f4")
    for wrong in (numpy.zeros(4, "i4"), numpy.zeros(4, "u8"), numpy.zeros(4, ">u4"),
                  numpy.zeros(4, "f4"), numpy.zeros((4, 1), "u4"), numpy.zeros(4, "S4"),
                  numpy.zeros((), "u4"), array.array("h", [1, 2, 3, 4]), numpy.zeros(4, "c8")):
        with pytest.raises(rdb.LayoutError):
            table.put_batch(wrong, good)
    with pytest.raises(rdb.LayoutError):
        table.put_batch(numpy.zeros(4, "u4"), numpy.zeros(4, "f8"))
    assert table.put_batch(array.array("I", [1, 2, 3, 4]), array.array("f", [0, 1, 2, 3])) == 4
    assert dict(table.items()) == {1: 0.0, 2: 1.0, 3: 2.0, 4: 3.0}


def test_rows_of_bytes(writer):
    table = writer.table("t", key="[u8;8]", value=bytes)
    keys = numpy.arange(64, dtype="u1").reshape(8, 8)
    values = numpy.frombuffer(b"0123456789" * 8, "S10")
    assert table.put_batch(keys, values) == 8
    assert table[bytes(range(8))] == b"0123456789"
    assert table.put_batch(keys[::-2], values[:4]) == 4
    with pytest.raises(rdb.LayoutError):  # rows of 4 bytes
        table.put_batch(keys[:, :4], values)
    with pytest.raises(rdb.LayoutError):  # the bytes of a row lie apart
        table.put_batch(numpy.zeros((8, 16), "u1")[:, ::2], values)
    with pytest.raises(rdb.LayoutError):
        table.put_batch(numpy.asfortranarray(keys), values)
    assert table.put_batch(numpy.ascontiguousarray(numpy.asfortranarray(keys)), values) == 8
    out = numpy.zeros((8, 10), "u1")
    assert sum(table.get_batch(keys, out=out)) == 8 and bytes(out[3]) == b"0123456789"
    with pytest.raises(rdb.LayoutError):
        table.get_batch(keys, out=numpy.zeros((8, 9), "u1"))
    with pytest.raises(rdb.LayoutError):
        table.get_batch(keys, out=numpy.zeros((7, 10), "u1"))
    with pytest.raises(rdb.LayoutError):
        table.get_batch(keys, out=numpy.zeros((9, 10), "u1"))
    out.flags.writeable = False
    with pytest.raises(rdb.LayoutError):
        table.get_batch(keys, out=out)
    with pytest.raises(rdb.LayoutError):
        table.get_batch(keys, out=[b""] * 8)


def test_vectors_as_rows(writer):
    table = writer.table("v", key="u64", value="[f32;4]")
    matrix = numpy.arange(400, dtype="f4").reshape(100, 4)
    assert table.put_batch(numpy.arange(100, dtype="u8"), matrix) == 100
    assert table[7] == (28.0, 29.0, 30.0, 31.0)
    out = numpy.empty_like(matrix)
    table.get_batch(numpy.arange(100, dtype="u8"), out=out)
    assert (out == matrix).all()
    with pytest.raises(rdb.LayoutError):
        table.put_batch(numpy.arange(100, dtype="u8"), matrix.reshape(200, 2))
    with pytest.raises(rdb.LayoutError):
        table.put_batch(numpy.arange(100, dtype="u8"), matrix.astype("f8"))


def test_bools_as_rows(writer):
    table = writer.table("b", key="u8", value=bool)
    table.put_batch(numpy.arange(4, dtype="u1"), numpy.array([True, False, True, False]))
    assert list(table.values()) == [True, False, True, False]


def test_huge_lengths_are_refused_and_nothing_breaks(table):
    huge = numpy.zeros(1 << 33, "u1")  # pages that are never touched
    with pytest.raises(rdb.TableError) as caught:
        table[b"k"] = huge
    assert caught.value.name == "RDB_ERR_TOO_LARGE"
    with pytest.raises(rdb.TableError):
        table[huge] = b"v"
    assert table.get(huge) is None and table.get_batch([huge]) == [None]
    with pytest.raises(rdb.TableError):
        table.put_batch([b"k"], [huge])
    table[b"k"] = b"v"
    assert dict(table.items()) == {b"k": b"v"}
