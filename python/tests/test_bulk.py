"""Many records at once, and changes that look at what is there."""

import gc

import pytest

import rdb


@pytest.fixture
def filled(writer):
    table = writer.table("t", key=str, value=int)
    table.put_items((f"k{i:05}", i) for i in range(10_000))
    return table


def test_drain_and_clear(filled):
    assert filled.drain("k00100", "k09900") == 9800
    assert filled.drain("k00000", "k00010", include_lower=False, include_upper=True) == 10
    assert len(filled) == 190 and filled.first() == ("k00000", 0)
    filled.clear()
    assert not filled and filled.drain() == 0


def test_retain(filled):
    assert filled.retain(lambda key, value: value % 2 == 0) == 5000
    assert filled.retain(lambda key, value: [], "k09000") == 500
    assert len(filled) == 4500

    class Own(Exception):
        pass

    def fail(key, value):
        if value == 100:
            raise Own
        return False

    with pytest.raises(Own):
        filled.retain(fail)

    def nosy(key, value):
        with pytest.raises(rdb.UsageError):
            len(filled)
        return value != 0

    assert filled.retain(nosy, upper="k00010") == 1
    assert len(filled) == 4499
    with pytest.raises(TypeError):
        filled.retain(5)


def test_extract_takes_what_it_returns(filled):
    with filled.extract(where=lambda key, value: value % 10 == 0) as walk:
        assert [next(walk) for _ in range(3)] == [("k00000", 0), ("k00010", 10), ("k00020", 20)]
        with pytest.raises(rdb.UsageError):
            filled["k00001"]
    assert len(filled) == 9997 and "k00030" in filled and "k00010" not in filled
    assert [key for key, _ in filled.extract("k00001", "k00004", reverse=True)] == ["k00003", "k00002", "k00001"]
    assert len(filled) == 9994
    walk = filled.extract()
    next(walk)
    del walk
    gc.collect()
    assert len(filled) == 9993


def test_an_open_extraction_ends_with_its_transaction(db):
    with db.write() as txn:
        table = txn.table("t")
        table.update({b"a": b"1", b"b": b"2"})
        walk = table.extract()
        assert next(walk) == (b"a", b"1")
    with pytest.raises(rdb.ClosedError):
        next(walk)
    walk.close()
    with db.read() as txn:
        assert dict(txn.table("t").items()) == {b"b": b"2"}
    txn = db.write()
    walk = txn.table("t").extract()
    next(walk)
    txn.abort()
    walk.close()
    with db.read() as reader:
        assert len(reader.table("t")) == 1


def test_looking_before_changing(writer):
    table = writer.table("t", key=str, value=int)
    assert table.exchange("a", 1) is None and table.exchange("a", 2) == 1
    assert table.pop("a") == 2 and table.pop("a", None) is None
    assert not table.compare_and_put("a", 1, 2)
    assert table.compare_and_put("a", None, 1)
    assert not table.compare_and_put("a", None, 1)
    assert table.compare_and_put("a", 1, 5) and table["a"] == 5
    assert table.compare_and_put("a", 5, None) and "a" not in table
    table["k"] = 1
    cursor = table.cursor()
    assert not cursor.put(3)
    cursor.first()
    assert cursor.put(3) and cursor.get() == ("k", 3)


def test_tables_are_copied(db, filled, writer, tmp_path):
    assert writer.copy_table(filled, "copy") == 10_000
    assert dict(writer.table("copy", key=str, value=int).items()) == dict(filled.items())
    with rdb.open(tmp_path / "other.rdb") as other:
        with other.write() as txn:
            assert txn.copy_table(filled, "there") == 10_000
            txn.table("odd")
            with pytest.raises(rdb.TableTypeError):
                txn.copy_table(filled, "odd")
        with other.read() as txn:
            assert txn.table("there", key=str, value=int)["k00007"] == 7
    cancel = rdb.Cancel()
    cancel.trigger()
    with pytest.raises(rdb.CancelledError):
        writer.copy_table(filled, "never", cancel=cancel)
