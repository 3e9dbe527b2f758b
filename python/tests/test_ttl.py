"""Tables whose values expire."""

import datetime

import pytest

import rdb


@pytest.fixture
def db():
    with rdb.open_memory() as db:
        db.set_clock(1000)
        yield db


def test_values_go_when_their_time_comes(db):
    with db.write() as txn:
        cache = txn.ttl_table("cache", key=str, value=int)
        assert cache.put_for("soon", 1, 1.5)
        assert cache.put_for("later", 2, datetime.timedelta(minutes=1))
        assert cache.put_for("never", 3, None)
        assert not cache.put_for("soon", 4, 1, mode="insert")
        assert cache.expiry("soon") == 1001.5
        assert cache.expiry("later") == 1060
        assert cache.expiry("never") is None
    with db.read() as txn:
        cache = txn.ttl_table("cache", key=str, value=int)
        assert list(cache) == ["later", "never", "soon"]
        db.set_clock(1001.5)
        assert list(cache) == ["later", "never"]
        assert "soon" not in cache and cache.get("soon") is None
        assert dict(cache.items()) == {"later": 2, "never": 3}
        assert len(cache) == 3 and cache.live_count() == 2
        with pytest.raises(KeyError):
            cache.expiry("soon")
        cursor = cache.cursor()
        with pytest.raises(LookupError):
            cursor.expiry()
        assert cursor.first() == ("later", 2)
        assert cursor.expiry() == 1060


def test_the_default_lifetime_is_for_all_that_names_none(db):
    with db.write() as txn:
        cache = txn.ttl_table("cache", key=str, value=int)
        assert cache.default_ttl is None
        cache["old"] = 1
        cache.default_ttl = 2
        assert cache.default_ttl == 2
        cache["new"] = 1
        cache.update({"many": 1, "more": 2})
        assert [cache.expiry(key) for key in cache] == [1002, 1002, 1002, None]
        cache.default_ttl = None
        assert cache.touch("new", 10) and not cache.touch("absent", 10)
        assert cache.expiry("new") == 1010


def test_a_purge_goes_step_by_step(db):
    with db.write() as txn:
        cache = txn.ttl_table("cache", key=int, value=str)
        cache.default_ttl = 1
        cache.update({key: "x" for key in range(10)})
        cache.default_ttl = None
        cache.update({key: "y" for key in range(5, 15)})
    db.set_clock(1001)
    removed, after = [], None
    while True:
        with db.write() as txn:
            examined, gone, after = txn.ttl_table("cache", key=int, value=str).purge(4, after=after)
            assert examined <= 4
            removed.append(gone)
        if after is None:
            break
    assert sum(removed) == 5
    with db.read() as txn:
        assert len(txn.ttl_table("cache", key=int, value=str)) == 10


def test_types_are_kept_and_told_apart(db):
    with db.write() as txn:
        txn.ttl_table("pairs", key=(str, int), value=(int, str)).put_for(("a", 1), (2, "b"), 5)
    with db.write() as txn:
        assert txn.find_table("pairs").value.name == "ttl::(i64,&str)"
        pairs = txn.existing_ttl_table("pairs")
        assert pairs[("a", 1)] == (2, "b")
        with pytest.raises(rdb.TableError, match="whose values expire"):
            txn.existing_table("pairs")
    with db.read() as txn:
        with pytest.raises(rdb.TableTypeError):
            txn.ttl_table("pairs", key=(str, int), value=str)
        ((_, stored),) = txn.existing_table("pairs", raw=True).items()
        assert stored[:8] == (1005_000).to_bytes(8, "little")
    with db.write() as txn:
        plain = txn.table("plain")
        assert plain.name == "plain"
        with pytest.raises(rdb.TableError, match="without expiry"):
            txn.ttl_table("plain")
    with db.read() as txn, pytest.raises(rdb.TableTypeError):
        txn.existing_ttl_table("plain")


def test_lifetimes_that_are_none(db):
    with db.write() as txn:
        cache = txn.ttl_table("cache", key=str, value=int)
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError):
                cache.put_for("a", 1, wrong)
        with pytest.raises(TypeError):
            cache.put_for("a", 1, "1")
        cache.put_for("a", 1, 1e300)
        assert cache.expiry("a") > 1e15
        cache.put_for("b", 1, 0)
        assert "b" not in cache


def test_the_clock_runs_unless_it_was_stopped(db):
    assert db.now() == 1000
    db.set_clock(None)
    assert db.now() > 1.6e9
