"""Fixtures that the whole suite shares."""

import os

import pytest

import rdb

# The long form of the leak tests: RDB_LONG=1.
LONG = os.environ.get("RDB_LONG", "") not in ("", "0")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.rdb"


@pytest.fixture
def db(path):
    with rdb.open(path) as opened:
        yield opened


@pytest.fixture
def writer(db):
    """A writer that is taken back at the end."""
    txn = db.write()
    yield txn
    txn.abort()


@pytest.fixture
def table(writer):
    return writer.table("t")


@pytest.fixture
def reader(db):
    """A reader over table t with k000 ... k999."""
    with db.write() as txn:
        txn.table("t").update((b"k%03d" % i, b"v%d" % i) for i in range(1000))
    with db.read() as txn:
        yield txn
