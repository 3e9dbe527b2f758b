"""Scans as Arrow streams, read by pyarrow and polars."""

import gc
import threading

import polars
import pyarrow
import pytest

import rdb

COLUMNS = [
    (bytes, pyarrow.binary(), [b"", b"a", b"\xff" * 300]),
    (str, pyarrow.string(), ["", "é", "x" * 300]),
    ("char", pyarrow.string(), ["a", "é", "\U0010ffff"]),
    ("u8", pyarrow.uint8(), [0, 1, 255]),
    ("u16", pyarrow.uint16(), [0, 1, 65535]),
    ("u32", pyarrow.uint32(), [0, 1, 2**32 - 1]),
    ("u64", pyarrow.uint64(), [0, 1, 2**64 - 1]),
    ("i8", pyarrow.int8(), [-128, 0, 127]),
    ("i16", pyarrow.int16(), [-(2**15), 0, 2**15 - 1]),
    ("i32", pyarrow.int32(), [-(2**31), 0, 2**31 - 1]),
    (int, pyarrow.int64(), [-(2**63), 0, 2**63 - 1]),
    ("f32", pyarrow.float32(), [0.5, -1.5, 3.25]),
    (float, pyarrow.float64(), [0.1, -1e300, 3.25]),
    (bool, pyarrow.bool_(), [True, False, True]),
    ("[u8;3]", pyarrow.binary(3), [b"abc", b"\0\0\0", b"xyz"]),
    (type(None), pyarrow.null(), [None, None, None]),
]


@pytest.mark.parametrize("kind, arrow, values", COLUMNS, ids=[str(c[1]) for c in COLUMNS])
def test_every_type_has_its_column(writer, kind, arrow, values):
    table = writer.table("t", key="u32", value=kind)
    table.update(enumerate(values * 20))
    got = pyarrow.table(table.items())
    assert got.schema.field("key").type == pyarrow.uint32()
    assert got.schema.field("value").type == arrow
    assert got.column("key").to_pylist() == list(range(60))
    assert got.column("value").to_pylist() == values * 20
    got.validate(full=True)
    assert pyarrow.schema(table.items()).field("value").type == arrow


def test_arrays_are_lists(writer):
    table = writer.table("t", key="u8", value="[f32;3]")
    table.update({1: (1, 2, 3), 2: (4, 5, 6)})
    got = pyarrow.table(table.items())
    got.validate(full=True)
    assert got.schema.field("value").type == pyarrow.list_(
        pyarrow.field("item", pyarrow.float32(), nullable=False), 3)
    assert got.column("value").to_pylist() == [[1, 2, 3], [4, 5, 6]]


def test_polars_reads_scans(reader):
    frame = polars.DataFrame(reader.table("t").range(b"k100", b"k900"))
    assert frame.shape == (800, 2)
    assert frame["key"][0] == b"k100" and frame["value"][-1] == b"v899"
    assert polars.from_arrow(pyarrow.table(reader.table("t").keys())).shape == (1000, 1)


def test_parts_and_directions(reader):
    table = reader.table("t")
    assert pyarrow.table(table.keys()).column_names == ["key"]
    assert pyarrow.table(table.values()).column_names == ["value"]
    assert pyarrow.table(table).num_rows == 1000
    backwards = pyarrow.table(table.range(b"k5", reverse=True))
    assert backwards.column("key")[0].as_py() == b"k999" and backwards.num_rows == 500


def test_many_batches(db):
    with db.write() as txn:
        txn.table("t", key="u32").update((i, b"x" * (i % 700)) for i in range(150_000))
    with db.read() as txn:
        batches = list(pyarrow.RecordBatchReader.from_stream(txn.existing_table("t").items()))
        assert len(batches) > 3 and sum(batch.num_rows for batch in batches) == 150_000
        sizes = [value.as_py() for batch in batches for value in batch.column("key")]
        assert sizes == list(range(150_000))


def test_an_empty_table_is_an_empty_stream(table):
    got = pyarrow.table(table.items())
    assert got.num_rows == 0 and got.column_names == ["key", "value"]


def test_streams_end_with_their_transaction(db, reader):
    with db.read() as txn:
        stream = pyarrow.RecordBatchReader.from_stream(txn.table("t").items())
    with pytest.raises(OSError, match="over"):
        stream.read_all()
    with pytest.raises(rdb.ClosedError):
        pyarrow.table(txn.existing_table("t"))


def test_a_change_ends_a_stream(table):
    table[b"a"] = b"1"
    stream = pyarrow.RecordBatchReader.from_stream(table.items())
    table[b"b"] = b"2"
    with pytest.raises(OSError, match="changed"):
        stream.read_all()


def test_capsules_that_nobody_consumes_are_released(db, reader):
    table = reader.table("t")
    for _ in range(100):
        table.__arrow_c_stream__()
        table.__arrow_c_schema__()
        table.items().__arrow_c_stream__(None)
    gc.collect()
    batch = next(iter(pyarrow.RecordBatchReader.from_stream(table.items())))
    column = batch.column(0)
    del batch
    gc.collect()
    assert column[999].as_py() == b"k999"


def test_streams_are_read_in_other_threads(reader):
    counts = []
    streams = [pyarrow.RecordBatchReader.from_stream(reader.table("t").items()) for _ in range(4)]
    threads = [threading.Thread(target=lambda s=s: counts.append(s.read_all().num_rows)) for s in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1000] * 4
