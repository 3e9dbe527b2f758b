"""Iterators, cursors and values without a copy."""

import gc

import pytest

import rdb


def test_pairs_are_new_when_somebody_keeps_them(reader):
    pairs = list(reader.table("t").items())
    assert len(set(map(id, pairs))) == 1000
    assert pairs == [(b"k%03d" % i, b"v%d" % i) for i in range(1000)]
    iterator = iter(reader.table("t").items())
    first = next(iterator)
    assert next(iterator) is not first and first == (b"k000", b"v0")


def test_a_change_ends_iteration(writer):
    table = writer.table("t")
    table.update((b"%d" % i, b"") for i in range(10))
    for change in (lambda: table.put(b"new", b""), lambda: table.discard(b"new"),
                   lambda: table.update({b"x": b""}), table.clear, table.pop_first,
                   lambda: writer.table("t").put(b"y", b"")):
        table[b"z"] = b""
        for scan in (table, table.items(), table.range(b"0"), table.keys()):
            iterator = iter(scan)
            next(iterator)
            change()
            with pytest.raises(RuntimeError, match="changed during iteration"):
                next(iterator)
            table[b"z"] = b""
    other = writer.table("other")
    iterator = iter(table)
    other[b"a"] = b""
    assert next(iterator) == b"y"


def test_an_iterator_at_its_end_stays_there(reader):
    iterator = iter(reader.table("t"))
    assert len(list(iterator)) == 1000
    assert list(iterator) == [] and next(iterator, None) is None
    assert iter(iterator) is iterator


def test_abandoned_iterators_leave_nothing_open(db):
    with db.write() as txn:
        table = txn.table("t")
        table.update((b"%d" % i, b"") for i in range(1000))
        iterators = [iter(table) for _ in range(100)]
        for iterator in iterators:
            next(iterator)
        del iterators, iterator
        table.close()
        txn.rename_table("t", "u")  # refused while anything of it is open


def test_a_cursor_goes_everywhere(reader):
    with reader.table("t").cursor() as cursor:
        assert cursor.get() is None
        assert cursor.next() == (b"k000", b"v0")
        assert cursor.last() == (b"k999", b"v999") == cursor.get()
        assert cursor.next() is None and cursor.prev() == (b"k999", b"v999")
        assert cursor.first() == (b"k000", b"v0") and cursor.prev() is None
        assert cursor.seek(b"k5") == (b"k500", b"v500")
        assert cursor.seek_exact(b"k5") is None and cursor.seek_exact(b"k501") == (b"k501", b"v501")
        assert cursor.seek_le(b"k5") == (b"k499", b"v499") and cursor.seek_le(b"a") is None
        assert cursor.seek(b"z") is None
        cursor.set_range(b"k10", b"k11", include_lower=False)
        assert len(cursor.next_batch(5)) == 5 and len(cursor.next_batch(500)) == 5
        assert cursor.next_batch(5) == []
        cursor.set_range()
        assert cursor.first() == (b"k000", b"v0")
    with pytest.raises(rdb.ClosedError):
        cursor.first()
    cursor.close()


def test_a_cursor_deletes(table):
    table.update((b"%d" % i, b"") for i in range(5))
    cursor = table.cursor()
    assert cursor.delete() is False
    cursor.seek(b"2")
    assert cursor.delete() is True
    assert cursor.get() is None and cursor.next() == (b"3", b"")
    assert list(table) == [b"0", b"1", b"3", b"4"]
    table[b"9"] = b""
    with pytest.raises(rdb.UsageError):
        cursor.next()
    assert cursor.first() == (b"0", b"")


def test_values_outlive_everything(path):
    db = rdb.open(path)
    large = bytes(range(256)) * 40
    with db.write() as txn:
        txn.table("t").update({b"small": b"xyz", b"large": large, b"empty": b""})
        own = txn.table("t", buffers=True)[b"large"]
    with db.read() as txn:
        table = txn.table("t", buffers=True)
        values = {key: value for key, value in table.items()}
        batch = table.get_batch([b"large", b"nope"])
    view = memoryview(values[b"large"])[5:9]
    with db.write() as txn:
        txn.delete_table("t")
    with db.write() as txn:
        txn.table("u").update((b"%d" % i, bytes(5000)) for i in range(100))
    db.close()
    del db, txn, table
    gc.collect()
    assert bytes(values[b"large"]) == large == bytes(own) == bytes(batch[0]) and batch[1] is None
    assert values[b"small"] == b"xyz" and values[b"small"] != b"xyy" and values[b"small"] != 5
    assert len(values[b"empty"]) == 0 and bytes(values[b"empty"]) == b"" == memoryview(values[b"empty"])
    del values, batch
    assert bytes(view) == large[5:9]
    assert view.readonly
    with pytest.raises(TypeError):
        view[0] = 1
    assert repr(own) == f"<rdb.Value of {len(large)} bytes>"


def test_values_hash_and_compare_as_bytes(db):
    with db.write() as txn:
        txn.table("t")[b"k"] = b"abc"
    with db.read() as txn:
        value = txn.table("t", buffers=True)[b"k"]
        assert {value: 1}[b"abc"] == 1
        assert value == bytearray(b"abc") and value == txn.table("t", buffers=True)[b"k"]
        numpy = pytest.importorskip("numpy")
        assert numpy.frombuffer(value, "u1").tolist() == [97, 98, 99]


def test_pins_are_counted_and_given_back(path):
    with rdb.open(path) as db:
        with db.write() as txn:
            txn.table("t")[b"k"] = bytes(3000)
        with db.read() as txn:
            before = db.stats().pinned_bytes
            value = txn.table("t", buffers=True)[b"k"]
            assert db.stats().pinned_bytes > before
            del value
            assert db.stats().pinned_bytes == before


def test_a_batch_keeps_what_it_read_before_a_damaged_value(tmp_path):
    path = tmp_path / "spoilt.rdb"
    with rdb.open(path, compression="lz4") as db, db.write() as txn:
        txn.table("t").update((b"k%02d" % i, b"v" * 300) for i in range(10, 100))
        txn.table("t")[b"k90"] = b"w" * 777
    sizes = (777).to_bytes(4, "little") * 2  # of the envelope and of the block in it
    image = path.read_bytes()
    assert image.count(sizes) == 1
    path.write_bytes(image.replace(sizes, (776).to_bytes(4, "little") + sizes[4:]))
    with rdb.open(path, mode="read_only", read_verification="none") as db, db.read() as txn:
        cursor = txn.table("t").cursor()
        assert [key for key, _ in cursor.next_batch(200)] == [b"k%02d" % i for i in range(10, 90)]
        with pytest.raises(rdb.CorruptedError):
            cursor.next_batch(200)
        assert [key for key, _ in cursor.next_batch(200)] == [b"k%02d" % i for i in range(91, 100)]
        assert cursor.next_batch(200) == []
