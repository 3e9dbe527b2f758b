"""Arrow streams into tables, from pyarrow, polars and producers that misbehave."""

import polars
import pyarrow
import pytest
from test_arrow import COLUMNS

import rdb


def records(keys, values):
    return pyarrow.table({"key": keys, "value": values})


def u32(*numbers):
    return pyarrow.array(numbers, pyarrow.uint32())


class Offers:
    """Whatever a test wants to be taken for a stream."""

    def __init__(self, make):
        self.make = make

    def __arrow_c_stream__(self, requested_schema=None):
        return self.make()


@pytest.mark.parametrize("kind, arrow, values", COLUMNS, ids=[str(c[1]) for c in COLUMNS])
def test_every_column_comes_back(writer, kind, arrow, values):
    table = writer.table("t", key="u32", value=kind)
    given = records(pyarrow.array(range(60), pyarrow.uint32()), pyarrow.array(values * 20, arrow))
    table.update(given)
    assert list(table.items()) == list(enumerate(values * 20))
    table.clear()
    table.update(given.slice(7, 30))
    assert list(table.items()) == list(enumerate(values * 20))[7:37]
    table.clear()
    table.update(pyarrow.RecordBatchReader.from_batches(given.schema, given.to_batches(max_chunksize=11)))
    assert list(table.items()) == list(enumerate(values * 20))


@pytest.mark.parametrize("kind, arrow", [
    (str, pyarrow.large_string()), (str, pyarrow.string_view()), ("char", pyarrow.string_view()),
    (bytes, pyarrow.large_binary()), (bytes, pyarrow.binary_view()), ("[u8;13]", pyarrow.binary()),
    ("[u8;13]", pyarrow.binary_view()), ("[u8;2]", pyarrow.large_binary())])
def test_other_columns_of_text_and_bytes(writer, kind, arrow):
    texts = {"char": ["a", "é", "\U0010ffff"], "[u8;13]": ["a" * 13, "b" * 13], "[u8;2]": ["ab", "cd"]}.get(
        kind, ["", "x", "twelve bytes", "more than twelve", "é" * 1000])
    values = [text if arrow in (pyarrow.large_string(), pyarrow.string_view()) else text.encode() for text in texts]
    table = writer.table("t", key=kind, value=kind)
    table.update(records(pyarrow.array(values, arrow), pyarrow.array(values, arrow)))
    assert dict(table) == {value: value for value in values}


@pytest.mark.parametrize("kind, arrow, values", [
    ("[f32;3]", pyarrow.list_(pyarrow.float32(), 3), [(1, 2, 3), (4, 5, 6), (7, 8, 9)]),
    ("[bool;2]", pyarrow.list_(pyarrow.bool_(), 2), [(True, False), (False, True), (True, True)]),
    ("[char;2]", pyarrow.list_(pyarrow.string(), 2), [("a", "é"), ("b", "c"), ("d", "e")]),
    ("[[u8;2];2]", pyarrow.list_(pyarrow.binary(), 2), [(b"ab", b"cd"), (b"ef", b"gh"), (b"ij", b"kl")]),
    ("[[i16;2];2]", pyarrow.list_(pyarrow.list_(pyarrow.int16(), 2), 2),
     [((1, 2), (3, 4)), ((5, 6), (7, 8)), ((-1, -2), (-3, -4))]),
])
def test_lists_are_arrays(writer, kind, arrow, values):
    table = writer.table("t", key="u32", value=kind)
    given = records(u32(0, 1, 2), pyarrow.array(values, arrow))
    table.update(given)
    assert list(table.values()) == values
    table.clear()
    table.update(given.slice(1, 2))
    assert list(table.items()) == [(1, values[1]), (2, values[2])]


@pytest.mark.parametrize("kind", ["u128", "i128"])
def test_wide_integers_come_back(writer, kind):
    numbers = [0, 1, 2**127 - 1] + ([-1, -(2**127)] if kind == "i128" else [2**128 - 1])
    table = writer.table("t", key="u32", value=kind)
    table.update(enumerate(numbers))
    exported = pyarrow.table(table.items())
    table.clear()
    table.update(exported)
    assert list(table.values()) == numbers


def test_frames_of_polars(writer):
    words = ["", "short", "longer than twelve bytes", "é"]
    table = writer.table("text", key=str, value=float)
    table.update(polars.DataFrame({"key": words, "value": [0.5, 1.5, 2.5, 3.5]}))
    assert dict(table) == dict(zip(words, [0.5, 1.5, 2.5, 3.5], strict=True))
    table = writer.table("bytes", key=int, value=bytes)
    frame = polars.DataFrame({"value": [word.encode() for word in words], "key": [1, 2, 3, 4]})
    table.update(frame)
    table.update(polars.concat([frame.with_columns(polars.col("key") + 4), frame.with_columns(polars.col("key") + 8)],
                               rechunk=False))
    assert list(table.values()) == [word.encode() for word in words] * 3
    table = writer.table("vectors", key=int, value="[f32;2]")
    table.update(frame.select("key", value=polars.Series([[1, 2], [3, 4], [5, 6], [7, 8]],
                                                         dtype=polars.Array(polars.Float32, 2))))
    assert list(table.values()) == [(1, 2), (3, 4), (5, 6), (7, 8)]


def test_what_was_stored_is_counted(writer):
    table = writer.table("t", key="u32", value=str)
    given = records(u32(1, 2, 3), ["a", "b", "c"])
    assert table.put_items(given.slice(0, 2)) == 2
    assert table.put_items(given, mode="insert") == 1
    assert table.put_items(given, mode="replace") == 3
    assert table.put_items(given.slice(0, 0)) == 0
    assert table.put_items(pyarrow.RecordBatchReader.from_batches(given.schema, [])) == 0


@pytest.mark.parametrize("rows", [7000, 300_000])
def test_many_records_go_in_by_parts(writer, rows):
    """Several batches in one call of the library, or one batch in several."""
    table = writer.table("t", key="u32", value=bytes)
    keys = pyarrow.array(range(300_000, 0, -1), pyarrow.uint32())
    given = records(keys, pyarrow.array([b"%d" % i for i in range(300_000)]))
    table.update(given.to_reader(max_chunksize=rows))
    assert list(table) == list(range(1, 300_001))
    assert list(table.values()) == [b"%d" % i for i in range(299_999, -1, -1)]


def test_tables_and_scans_are_taken_as_objects(writer):
    """Which suits types that have no column of their own in the other table."""
    source = writer.table("source", key=int, value=int)
    source.update({1: 2, 3: 4})
    target = writer.table("target", key="u16", value="u8")
    target.update(source)
    target.update(source.range(2))
    assert dict(target) == {1: 2, 3: 4}


@pytest.mark.parametrize("arrow", [pyarrow.int64(), pyarrow.uint8(), pyarrow.float32(), pyarrow.string(),
                                   pyarrow.date32(), pyarrow.dictionary(pyarrow.int8(), pyarrow.uint32()),
                                   pyarrow.list_(pyarrow.uint32()), pyarrow.null()])
def test_columns_of_another_type_are_refused(writer, arrow):
    table = writer.table("t", key="u32", value="u32")
    with pytest.raises(rdb.LayoutError, match="column 'key' has Arrow's type .* key type is u32"):
        table.update(records(pyarrow.array([], arrow), u32()))
    with pytest.raises(rdb.LayoutError, match="column 'value' has Arrow's type"):
        table.update(records(u32(), pyarrow.array([], arrow)))
    assert len(table) == 0


@pytest.mark.parametrize("kind, arrow", [
    (bytes, pyarrow.string()), (str, pyarrow.binary()), ("[u8;3]", pyarrow.binary(4)), (bytes, pyarrow.binary(4)),
    ("[f32;3]", pyarrow.list_(pyarrow.float32(), 2)), ("[f32;3]", pyarrow.list_(pyarrow.float64(), 3)),
    (bool, pyarrow.uint8()), (type(None), pyarrow.uint8())])
def test_types_that_resemble_are_refused(writer, kind, arrow):
    with pytest.raises(rdb.LayoutError, match="has Arrow's type"):
        writer.table("t", key="u32", value=kind).update(records(u32(), pyarrow.array([], arrow)))


@pytest.mark.parametrize("columns", [["key"], ["key", "other"], ["key", "value", "more"], ["key", "key"], []])
def test_other_columns_are_refused(writer, columns):
    given = pyarrow.table([u32(1)] * len(columns), names=columns)
    with pytest.raises(rdb.LayoutError, match="two columns, 'key' and 'value'"):
        writer.table("t", key="u32", value="u32").update(given)


def test_a_stream_of_one_column_without_a_record_is_refused(writer):
    with pytest.raises(rdb.LayoutError, match="no columns"):
        writer.table("t").update(pyarrow.chunked_array([u32(1)]))


def test_nulls_are_refused_by_row(writer):
    table = writer.table("t", key="u32", value="u32")
    with pytest.raises(rdb.LayoutError, match="row 2 of the column 'value' is null"):
        table.update(records(u32(1, 2, 3), u32(1, 2, None)))
    with pytest.raises(rdb.LayoutError, match="row 0 of the column 'key' is null"):
        table.update(records(u32(None, 2), u32(1, 2)))
    chunks = pyarrow.chunked_array([u32(1, 2, 3), u32(4, None)])
    with pytest.raises(rdb.LayoutError, match="row 4 of the column 'value' is null"):
        table.update(records(chunks, chunks.fill_null(9)).rename_columns(["value", "key"]))
    table.update(records(u32(None, 5, 6).slice(1), u32(7, 8, None).slice(0, 2)))  # outside of what was cut out
    assert dict(table) == {5: 7, 6: 8}
    vectors = writer.table("v", key="u32", value="[f32;2]")
    with pytest.raises(rdb.LayoutError, match="row 1 of the column 'value' is null or has a null in it"):
        vectors.update(records(u32(1, 2), pyarrow.array([[1, 2], [3, None]], pyarrow.list_(pyarrow.float32(), 2))))
    with pytest.raises(rdb.LayoutError, match="row 1 of the column 'value' is null"):
        vectors.update(records(u32(1, 2), pyarrow.array([[1, 2], None], pyarrow.list_(pyarrow.float32(), 2))))


def test_a_null_record_is_refused(writer):
    rows = pyarrow.StructArray.from_arrays([u32(1, 2), u32(3, 4)], names=["key", "value"],
                                           mask=pyarrow.array([False, True]))
    with pytest.raises(rdb.LayoutError, match="row 1 is null"):
        writer.table("t", key="u32", value="u32").update(pyarrow.chunked_array([rows]))


def test_values_that_break_their_type_name_their_row(writer):
    table = writer.table("t", key="u32", value="[u8;3]")
    with pytest.raises(rdb.Error) as caught:
        table.update(records(u32(1, 2, 3), [b"abc", b"abcd", b"abc"]))
    assert caught.value.position == 1 and list(table) == [1]
    text = pyarrow.Array.from_buffers(pyarrow.string(), 2, [None, pyarrow.array([0, 1, 2], pyarrow.int32()).buffers()[1],
                                                            pyarrow.py_buffer(b"a\xff")])
    with pytest.raises(rdb.UsageError, match="UTF-8") as caught:
        writer.table("text", key="u32", value=str).update(records(u32(1, 2), text))
    assert caught.value.position == 1
    with pytest.raises(rdb.UsageError, match="char"):
        writer.table("char", key="u32", value="char").update(records(u32(1), ["ab"]))
    with pytest.raises(rdb.LayoutError, match="3 bytes"):
        writer.table("list", key="u32", value="[[u8;2];2]").update(
            records(u32(1), pyarrow.array([[b"ab", b"abc"]], pyarrow.list_(pyarrow.binary(), 2))))


def test_offsets_that_run_backwards_are_refused(writer):
    ends = pyarrow.array([0, 3, 1], pyarrow.int32()).buffers()[1]
    values = pyarrow.Array.from_buffers(pyarrow.binary(), 2, [None, ends, pyarrow.py_buffer(b"abc")])
    with pytest.raises(rdb.LayoutError, match="column 'value' holds an array that is not of its own type"):
        writer.table("t", key="u32").update(records(u32(1, 2), values))


def test_producers_that_fail(writer):
    table = writer.table("t", key="u32", value="u32")
    given = records(u32(1, 2), u32(3, 4))

    def broken():
        yield given.to_batches()[0]
        raise ValueError("no more")

    with pytest.raises(OSError, match="no more"):
        table.update(pyarrow.RecordBatchReader.from_batches(given.schema, broken()))
    with pytest.raises(ZeroDivisionError):
        table.update(Offers(lambda: 1 // 0))
    with pytest.raises(ValueError, match="PyCapsule"):
        table.update(Offers(object))
    with pytest.raises(ValueError, match="PyCapsule"):
        table.update(Offers(given.schema.__arrow_c_schema__))
    capsule = given.__arrow_c_stream__()
    table.update(Offers(lambda: capsule))
    with pytest.raises(rdb.UsageError, match="consumed before"):
        table.update(Offers(lambda: capsule))
    assert dict(table) == {1: 3, 2: 4}


def test_a_closed_transaction_is_told(db):
    with db.write() as txn:
        table = txn.table("t", key="u32", value="u32")
    with pytest.raises(rdb.ClosedError):
        table.update(records(u32(1), u32(2)))
