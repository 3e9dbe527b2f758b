"""Nothing grows over many cycles. RDB_LONG=1 runs the long form."""

import gc

import pytest

import rdb
from conftest import LONG

CYCLES = 1_000_000 if LONG else 20_000
OPENS = 10_000 if LONG else 300


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def grows(cycle, count):
    """Bytes that the process grew by over count cycles, once it is warm."""
    for _ in range(count // 5 + 1):
        cycle()
    gc.collect()
    before = resident_bytes()
    for _ in range(count):
        cycle()
    gc.collect()
    return resident_bytes() - before


# Far below what one leaked object a cycle would make, far above what allocators do by themselves.
def allowed(count):
    return 2 << 20 if count < 100_000 else 8 << 20


def cycles(db):
    def read():
        with db.read() as txn:
            table = txn.table("t")
            table[b"0001"]
            table.get(b"none")
            for _ in table.range(b"0005", b"0008"):
                pass

    def abandon():
        txn = db.read()
        iterator = iter(txn.table("t").items())
        next(iterator)
        txn.table("t").cursor().next()

    def pin():
        with db.read() as txn:
            memoryview(txn.table("t", buffers=True)[b"0001"])

    def fail():
        with db.read() as txn:
            for use in (lambda: txn.table("none"), lambda: txn.table("t")[b"none"],
                        lambda: txn.table("t")["text"]):
                try:
                    use()
                except (KeyError, TypeError):
                    pass

    def write():
        with db.write(durability="none") as txn:
            table = txn.table("t", key=bytes)
            table[b"0001"] = b"x"
            table.update({b"0002": b"y"})
            table.get_batch([b"0001", b"none"])
            txn.abort()

    def arrow():
        with db.read() as txn:
            txn.table("t").range(b"0005", b"0008").__arrow_c_stream__()

    return {"read": (read, CYCLES), "abandon": (abandon, CYCLES // 4), "pin": (pin, CYCLES // 2),
            "fail": (fail, CYCLES // 10), "write": (write, CYCLES // 10), "arrow": (arrow, CYCLES // 10)}


@pytest.mark.parametrize("name", ["read", "abandon", "pin", "fail", "write", "arrow"])
def test_cycles_leave_nothing_behind(db, name):
    with db.write() as txn:
        txn.table("t").update((b"%04d" % i, bytes(150)) for i in range(1000))
    cycle, count = cycles(db)[name]
    assert grows(cycle, count) < allowed(count)
    assert db.stats().live_readers == 0 and db.stats().pinned_bytes == 0


def test_opening_and_closing_leaves_nothing_behind(path):
    def cycle():
        with rdb.open(path) as db, db.read() as txn:
            txn.tables()

    assert grows(cycle, OPENS) < allowed(OPENS)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_abandoned_databases_leave_nothing_behind(path):
    def cycle():
        txn = rdb.open(path).read()
        iter(txn.tables())

    assert grows(cycle, OPENS) < allowed(OPENS)
    rdb.open(path).close()  # the lock is gone
