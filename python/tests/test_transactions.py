"""Databases and transactions: what with does, and what is refused."""

import copy
import pickle

import pytest

import rdb


def test_leaving_a_writer_commits_or_aborts(db):
    with db.write() as txn:
        txn.table("t")[b"a"] = b"1"
    with pytest.raises(ZeroDivisionError), db.write() as txn:
        txn.table("t")[b"b"] = b"2"
        1 / 0
    with db.read() as txn:
        assert list(txn.table("t")) == [b"a"]
    assert txn.closed


def test_commit_and_abort_may_come_early(db):
    with db.write() as txn:
        txn.table("t")[b"a"] = b"1"
        txn.commit()
        assert txn.closed
        with pytest.raises(rdb.ClosedError):
            txn.commit()
        txn.abort()
    with db.write() as txn:
        txn.table("t")[b"b"] = b"2"
        txn.abort()
        txn.abort()
    with db.read() as txn:
        assert list(txn.table("t")) == [b"a"]
        txn.abort()


def test_readers_keep_their_snapshot(db, reader):
    table = reader.table("t")
    with db.write() as txn:
        txn.table("t").clear()
        assert txn.id > reader.id
    assert len(table) == 1000 and table[b"k007"] == b"v7"
    with db.read() as txn:
        assert len(txn.table("t")) == 0


def test_readers_change_nothing(db, reader):
    table = reader.table("t")
    assert not reader.writable and not hasattr(table, "put") and not hasattr(reader, "commit")
    with pytest.raises(TypeError):
        table[b"a"] = b"1"
    with pytest.raises(rdb.TableMissingError) as caught:
        reader.table("nope")
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == caught.value.message


def test_everything_ends_with_its_transaction(db):
    with db.write() as txn:
        table = txn.table("t")
        table[b"a"] = b"1"
        cursor = table.cursor()
        scan = table.items()
        iterator = iter(scan)
    for use in (lambda: table[b"a"], lambda: table.get(b"a"), lambda: len(table), lambda: list(table),
                lambda: b"a" in table, lambda: table.put(b"a", b""), lambda: table.update({b"a": b""}),
                lambda: next(iterator), lambda: len(scan), lambda: list(scan), cursor.first,
                lambda: table.get_batch([b"a"]), table.stats, table.describe, table.first, table.clear,
                lambda: txn.table("t"), txn.tables, lambda: txn.id, lambda: txn.delete_table("t"),
                lambda: txn.set_durability("none"), lambda: txn.rename_table("t", "u")):
        with pytest.raises(rdb.ClosedError):
            use()
    table.close()
    cursor.close()


def test_closing_waits_for_nobody(db):
    txn = db.read()
    with pytest.raises(rdb.BusyError):
        db.close()
    assert not db.closed
    txn.abort()
    db.close()
    db.close()
    assert db.closed
    for use in (db.read, db.write, db.stats, db.verify, db.recovery):
        with pytest.raises(rdb.ClosedError):
            use()


def test_an_exception_closes_a_database_with_open_transactions(path):
    with pytest.raises(ZeroDivisionError), rdb.open(path) as db:
        txn = db.write()
        txn.table("t")[b"a"] = b"1"
        1 / 0
    assert db.closed
    with pytest.raises(rdb.ClosedError):
        txn.table("u")
    del txn
    with rdb.open(path) as db, db.read() as txn:
        assert txn.tables() == []


def test_leaving_a_database_with_open_transactions_is_an_error(path):
    with pytest.raises(rdb.BusyError):
        with rdb.open(path) as db:
            txn = db.read()
    txn.abort()
    db.close()


def test_a_forgotten_database_warns(path):
    db = rdb.open(path)
    with pytest.warns(ResourceWarning, match="unclosed rdb.Database"):
        del db
    rdb.open(path).close()


def test_children_outlive_a_dropped_database(path):
    with pytest.warns(ResourceWarning):
        iterator = iter(rdb.open(path).write().table("t").items())
    assert list(iterator) == []


def test_options_are_checked(path):
    with pytest.raises(rdb.UsageError) as caught:
        rdb.open(path, nonsense=1)
    assert caught.value.name == "RDB_ERR_UNKNOWN_OPTION"
    with pytest.raises(rdb.UsageError):
        rdb.open(path, mode="sideways")
    with pytest.raises(rdb.StorageError) as caught:
        rdb.open(path, mode="existing")
    assert isinstance(caught.value, OSError) and caught.value.errno == 2
    with rdb.open(path, memory_budget_bytes="4M", eof_mirror=True, mode="create_new") as db:
        assert db.stats().memory_budget_bytes == 4 << 20
        assert db.path == str(path)
    with pytest.raises(TypeError):
        rdb.open(5)
    with pytest.raises(ValueError):
        rdb.open("a\0b")
    names = {option.name for option in rdb.options()}
    assert {"mode", "memory_budget_bytes", "eof_mirror"} <= names


def test_a_file_opened_for_reading_has_no_writer(path, db):
    db.close()
    with rdb.open(path, mode="read_only") as db:
        with pytest.raises(rdb.ReadOnlyError) as caught:
            db.write()
        assert isinstance(caught.value, PermissionError)


def test_a_file_is_open_once(path, db):
    with pytest.raises(rdb.AlreadyOpenError):
        rdb.open(path)


def test_writers_wait_as_long_as_they_are_told(db):
    with db.write():
        with pytest.raises(rdb.LockTimeoutError) as caught:
            db.write(timeout=0)
        assert isinstance(caught.value, TimeoutError)
        with pytest.raises(rdb.LockTimeoutError):
            db.write(timeout=0.01)
        for wrong in (-1, float("nan"), 1e300):
            with pytest.raises(rdb.UsageError):
                db.write(timeout=wrong)


def test_durability_and_commit_switches(db):
    with db.write(durability="none", two_phase=True, quick_repair=True) as txn:
        txn.set_two_phase(False)
        txn.set_quick_repair(False)
        txn.table("t")[b"a"] = b"1"
    before = db.stats()
    assert before.durable_txn_id < before.last_txn_id
    with db.write(durability="none") as txn:
        txn.set_durability("immediate")
    after = db.stats()
    assert after.durable_txn_id == after.last_txn_id
    for use in (lambda: db.write(durability="maybe"),):
        with pytest.raises(rdb.UsageError):
            use()


def test_verification_reports(db, path):
    with db.write() as txn:
        txn.table("t").update((b"%d" % i, bytes(100)) for i in range(5000))
    calls = []
    report = db.verify("full", progress=lambda done, total: calls.append((done, total)))
    assert report.problems == () and report.entries_checked >= 5000
    assert calls and all(done <= total for done, total in calls if total)
    assert db.verify("full", progress=lambda done, total: False) is None
    with pytest.raises(rdb.UsageError):
        db.verify("deeply")

    def fail(done, total):
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        db.verify("full", progress=fail)
    cancel = rdb.Cancel()
    cancel.trigger()
    with pytest.raises(rdb.CancelledError):
        db.verify("full", cancel=cancel)
    cancel.reset()
    assert db.verify("checksums", cancel=cancel).problems == ()
    assert db.recovery().clean


def test_a_callback_may_not_close_the_database(db):
    def close(done, total):
        db.close()

    with db.write() as txn:
        txn.table("t").update((b"%d" % i, bytes(100)) for i in range(5000))
    with pytest.raises(rdb.BusyError):
        db.verify("full", progress=close)
    assert not db.closed


def test_damage_is_told_with_its_place(path):
    with rdb.open(path) as db, db.write() as txn:
        txn.table("t")[b"key"] = b"MARK" * 100
    data = bytearray(path.read_bytes())
    data[data.index(b"MARK")] ^= 1
    path.write_bytes(data)
    with rdb.open(path, mode="read_only") as db, db.read() as txn:
        with pytest.raises(rdb.CorruptedError) as caught:
            txn.table("t")[b"key"]
        assert isinstance(caught.value.position, int)
        assert isinstance(caught.value, rdb.FileError)
        assert db.verify("full").problems


def test_files_that_are_none_of_ours(path):
    path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(rdb.FileError):
        rdb.open(path)


def test_nothing_is_pickled_or_copied(db, reader):
    for item in (db, reader, reader.table("t"), reader.table("t").items(), iter(reader.table("t")),
                 reader.table("t").cursor(), rdb.Cancel()):
        with pytest.raises(TypeError):
            pickle.dumps(item)
        with pytest.raises(TypeError):
            copy.copy(item)


def test_names_that_are_no_text_are_refused(writer):
    for wrong in (5, None, ["t"]):
        with pytest.raises(TypeError):
            writer.table(wrong)
    with pytest.raises(rdb.UsageError):
        writer.table(b"\xff")
    with pytest.raises(rdb.UsageError):
        writer.table("__rdb:mine")
