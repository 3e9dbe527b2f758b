"""Merges, by operators and by functions."""

import array
import threading

import pytest

import rdb


@pytest.fixture
def counters(writer):
    return writer.table("counters", key=str, value="u64")


def test_operators(writer, counters):
    counters.merge("a", 2, "numeric_add")
    counters.merge("a", 40, "numeric_add")
    counters.merge("a", 30, "numeric_max")
    counters.merge("a", 41, "numeric_min")
    assert counters["a"] == 41
    counters.merge("a", 2**64 - 1, "saturating_add")
    assert counters["a"] == 2**64 - 1
    bits = writer.table("bits")
    bits.merge(b"k", b"\x01", "bitwise_or")
    bits.merge(b"k", b"\x80", "bitwise_or")
    bits.merge(b"k", b"!", "bytes_append")
    assert bits[b"k"] == b"\x81!"
    with pytest.raises(rdb.UsageError, match="no merge operator 'plus'"):
        counters.merge("a", 1, "plus")
    with pytest.raises(TypeError):
        counters.merge("a", 1, 5)
    odd = writer.table("odd", value="[u8;2]")
    odd.merge(b"k", b"ab", "bytes_append")
    with pytest.raises(rdb.TableError, match="4 bytes, its type has 2") as caught:
        odd.merge(b"k", b"cd", "bytes_append")
    assert caught.value.name == "RDB_ERR_MERGE_WIDTH"


def test_batches(writer, counters):
    counters.merge_batch(["b", "a", "b"], [1, 2, 3], "numeric_add")
    counters.merge_items({"a": 5}, "numeric_add")
    counters.merge_items(((f"k{i % 100}", i) for i in range(300_000)), "numeric_add")
    assert counters["a"] == 7 and counters["b"] == 4
    assert counters["k7"] == sum(range(7, 300_000, 100))
    rows = writer.table("rows", key="u64", value="u64")
    numbers = array.array("Q", [1, 2, 1])
    rows.merge_batch(numbers, numbers, "numeric_add")
    assert dict(rows.items()) == {1: 2, 2: 2}
    with pytest.raises(rdb.LayoutError):
        counters.merge_batch(["a"], [1, 2], "numeric_add")


def test_positions_count_over_all_records(writer):
    table = writer.table("t", value="[u8;1]")
    keys = [b"%07d" % i for i in range(200_000)]
    table.merge_batch(keys, [b"x"] * len(keys), "bytes_append")
    with pytest.raises(rdb.TableError) as caught:
        table.merge_batch([b"n%d" % i for i in range(150_000)] + [keys[0]], [b"y"] * 150_001, "bytes_append")
    assert caught.value.position == 150_000
    assert len(table) == 350_000


def test_functions(counters):
    def halve(key, existing, by):
        assert key == "a"
        if existing is None:
            return by
        return existing // by if existing >= by else None

    counters.merge("a", 8, halve)
    counters.merge("a", 2, halve)
    assert counters["a"] == 4
    counters.merge("a", 5, halve)
    assert "a" not in counters
    counters.merge_items([("a", 1)] * 1000, lambda key, existing, operand: (existing or 0) + operand)
    assert counters["a"] == 1000


def test_what_a_function_raises_passes_through_and_changes_nothing(counters):
    class Own(Exception):
        pass

    def fail(key, existing, operand):
        if operand == 2:
            raise Own(key)
        return operand

    counters["a"] = 1
    with pytest.raises(Own, match="a"):
        counters.merge("a", 2, fail)
    with pytest.raises(Own, match="b"):
        counters.merge_items([("x", 7), ("b", 2), ("y", 8)], fail)
    assert dict(counters.items()) == {"a": 1, "x": 7}
    with pytest.raises(KeyboardInterrupt):
        counters.merge("a", 1, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(rdb.UsageError):  # no u64
        counters.merge("a", 1, lambda *_: -1)
    with pytest.raises(TypeError):
        counters.merge("a", 1, lambda: 1)
    assert counters["a"] == 1


def test_a_function_may_not_use_its_transaction(db):
    txn = db.write()
    table, other = txn.table("t"), txn.table("other")
    table[b"k"] = b"v"
    scan = iter(table.items())
    next(scan)

    def nosy(key, existing, operand):
        for call in (lambda: table[b"k"], lambda: table.put(b"k", b"x"), lambda: len(table),
                     lambda: table.merge(b"k", b"x", "bytes_append"), lambda: table.merge(b"k", b"x", nosy),
                     lambda: other.get(b"k"), txn.tables, txn.commit, txn.abort, table.close):
            with pytest.raises(rdb.UsageError, match="may not use it|callback"):
                call()
        scan.__class__  # its cursor goes here, and must not wait for anybody
        return existing + operand

    table.merge(b"k", b"!", nosy)
    del scan
    assert table[b"k"] == b"v!"
    with db.read() as reader:
        assert reader.find_table("t") is None
    txn.commit()


def test_releases_inside_a_function_do_not_wait(db):
    with db.write() as txn:
        table, held = txn.table("t"), [txn.table("u").cursor(), txn.table("v")]
        table.merge(b"k", b"v", lambda *_: held.clear() or b"x")
        assert table[b"k"] == b"x" and not held


def test_other_threads_wait_for_a_function(counters):
    started, results = threading.Event(), []

    def slow(key, existing, operand):
        started.set()
        thread.join(0.2)
        assert not results
        return operand

    def read():
        started.wait()
        results.append(counters["a"])

    counters["a"] = 1
    thread = threading.Thread(target=read)
    thread.start()
    counters.merge("a", 2, slow)
    thread.join()
    assert results == [2]


def test_merges_end_iterators_and_need_a_writer(db, counters):
    counters.merge_items([("a", 1), ("b", 1)], "numeric_add")
    scan = iter(counters)
    next(scan)
    counters.merge("a", 1, "numeric_add")
    with pytest.raises(RuntimeError):
        list(scan)
    with db.read() as reader:
        assert not hasattr(rdb.Table, "merge")
        assert reader.find_table("counters") is None
