"""Multimaps: several values a key, both in order."""

import uuid

import pytest

import rdb


@pytest.fixture
def tags(writer):
    tags = writer.multimap("tags", key=str, value=int)
    tags.update([("b", 2), ("a", 30), ("b", -1), ("c", 7), ("b", 100)])
    return tags


def test_it_is_a_mapping_of_keys_to_sets(tags):
    assert list(tags) == ["a", "b", "c"] and list(reversed(tags)) == ["c", "b", "a"]
    assert len(tags) == 3 and tags.pair_count() == 5
    assert "b" in tags and "x" not in tags
    with pytest.raises(TypeError):
        5 in tags
    assert tags["b"] == {-1, 2, 100}
    assert {key: set(values) for key, values in tags.items()} == {"a": {30}, "b": {-1, 2, 100}, "c": {7}}
    with pytest.raises(KeyError):
        tags["x"]
    assert tags.get("x") is None and tags.get("x", 5) == 5


def test_a_set_of_values_follows_the_writer(tags):
    values = tags["b"]
    assert list(values) == [-1, 2, 100] and list(reversed(values)) == [100, 2, -1]
    assert len(values) == 3 and 2 in values and 3 not in values
    assert (values.first(), values.last()) == (-1, 100)
    assert values & {2, 5} == {2} and values | {5} == {-1, 2, 5, 100} and values - {2} == {-1, 100}
    assert tags.add("b", 3) and not tags.add("b", 3)
    assert list(values) == [-1, 2, 3, 100]
    del tags["b"]
    assert len(values) == 0 and values.first() is None and "b" not in tags


def test_pairs_and_keys_go(tags):
    assert tags.discard("b", 2) and not tags.discard("b", 2) and not tags.discard("x", 2)
    assert tags.discard_key("a") and not tags.discard_key("a")
    with pytest.raises(KeyError):
        del tags["a"]
    assert tags.discard_batch([("b", -1), ("b", 5), ("c", 7)]) == 2
    assert list(tags.pairs()) == [("b", 100)]
    assert tags.update((str(n), n % 7) for n in range(100)) == 100
    assert tags.update((str(n), n % 7) for n in range(100)) == 0
    assert tags.drain("1", "2") == 11  # keys: 1 and 10 to 19
    assert tags.count("10") == 0
    tags.clear()
    assert len(tags) == 0 and tags.pair_count() == 0


def test_scans_are_over_pairs(tags):
    assert list(tags.pairs()) == [("a", 30), ("b", -1), ("b", 2), ("b", 100), ("c", 7)]
    assert list(reversed(tags.pairs())) == list(tags.pairs())[::-1]
    assert list(tags.range("b", "c")) == [("b", -1), ("b", 2), ("b", 100)]
    assert list(tags.range("a", include_lower=False, reverse=True)) == [("c", 7), ("b", 100), ("b", 2), ("b", -1)]
    assert list(tags.prefix("b").only_values()) == [-1, 2, 100]
    assert list(tags.values_of("b", reverse=True)) == [100, 2, -1]
    assert list(tags.values_of("x")) == []
    assert ("b", 2) in tags.pairs()


def test_a_cursor_walks_over_keys_and_over_values(tags):
    with tags.cursor() as cursor:
        assert cursor.next() == ("a", 30)
        assert cursor.next_value() is None and cursor.get() == ("a", 30)
        assert cursor.next_key() == ("b", -1) and cursor.value_count() == 3
        assert cursor.last_value() == ("b", 100) and cursor.prev_value() == ("b", 2)
        assert cursor.first_value() == ("b", -1)
        assert cursor.next_key() == ("c", 7) and cursor.prev_key() == ("b", 100)
        assert cursor.seek_pair("b", 3) == ("b", 100) and cursor.seek_pair("b", 101) == ("c", 7)
        assert cursor.seek_pair("c", 8) is None
        assert cursor.seek("b") == ("b", -1) and cursor.seek_exact("bb") is None
        assert cursor.seek_le("bb") == ("b", 100)
        assert cursor.delete() and cursor.next() == ("c", 7)
        assert cursor.first() == ("a", 30) and cursor.next_batch(10) == [("b", -1), ("b", 2), ("c", 7)]
    assert tags["b"] == {-1, 2}


@pytest.mark.parametrize("count", [1, 255, 256, 5000])
def test_values_of_a_key_are_many_or_few(db, count):
    with db.write() as txn:
        numbers = txn.multimap("n", key=str, value=int)
        assert numbers.update(("k", value) for value in reversed(range(count))) == count
    with db.read() as txn:
        numbers = txn.multimap("n", key=str, value=int)
        assert list(numbers["k"]) == list(range(count)) and numbers.count("k") == count
        assert numbers.has("k", count - 1) and not numbers.has("k", count)
        assert numbers.stats().entries == count
    with db.write() as txn:  # and few again
        numbers = txn.multimap("n", key=str, value=int)
        assert numbers.discard_batch(("k", value) for value in range(1, count)) == count - 1
        assert list(numbers["k"]) == [0]
    assert not db.verify("full").problems


def test_keys_and_values_of_composite_types(writer):
    ids = [uuid.UUID(int=n) for n in (3, 1, 2)]
    by_place = writer.multimap("m", key=tuple[str, int], value=uuid.UUID)
    by_place.update((("x", n % 2), value) for n, value in enumerate(ids))
    assert list(by_place.pairs()) == [(("x", 0), ids[2]), (("x", 0), ids[0]), (("x", 1), ids[1])]


def test_a_loop_over_what_changes_ends_with_an_error(tags):
    with pytest.raises(RuntimeError, match="changed"):
        for key in tags:
            tags.add(key, 1)
    with pytest.raises(RuntimeError, match="changed"):
        for _ in tags.pairs():
            tags.add("z", 1)


def test_tables_and_multimaps_are_not_taken_for_each_other(db):
    with db.write() as txn:
        txn.multimap("m", key=str, value=int).add("a", 1)
        txn.table("t")[b"a"] = b"1"
    with db.write() as txn:
        with pytest.raises(rdb.TableError, match='"m"'):
            txn.table("m", key=str, value=int)
        with pytest.raises(rdb.TableError, match='"t"'):
            txn.multimap("t")
        with pytest.raises(rdb.TableError, match='"m"'):
            txn.multimap("m", key=str, value=str)
        same = txn.existing_multimap("m")
        assert list(same.pairs()) == [("a", 1)]
        raw = txn.existing_multimap("m", raw=True)
        assert list(raw.pairs()) == [(b"a", (1).to_bytes(8, "little"))]


def test_wrong_types_are_refused_and_nothing_is_stored(tags):
    for key, value in ((1, 1), ("a", "1"), (None, 1), ("a", None), (b"a", 1)):
        with pytest.raises(TypeError):
            tags.add(key, value)
    with pytest.raises(rdb.UsageError, match="out of the range of i64"):
        tags.add("a", 1 << 63)
    for pairs in ([("z", 1), ("z", "2")], [("z", 1), ("z",)], [("z", 1), 5]):
        with pytest.raises((TypeError, ValueError)):
            tags.update(pairs)
    assert tags.count("z") == 0 and tags.pair_count() == 5


def test_after_the_end_everything_is_closed(db):
    with db.write() as txn:
        tags = txn.multimap("tags", key=str, value=int)
        tags.add("a", 1)
        values, cursor = tags["a"], tags.cursor()
    for use in (lambda: tags.add("a", 2), lambda: tags["a"], lambda: len(tags), lambda: list(values), cursor.next):
        with pytest.raises(rdb.ClosedError):
            use()
    with db.read() as txn:
        tags = txn.multimap("tags", key=str, value=int)
        assert not hasattr(tags, "add")
        with pytest.raises(rdb.UsageError):
            tags.cursor().delete()
