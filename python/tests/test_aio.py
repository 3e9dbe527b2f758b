"""Kinds of tables under asyncio; test_threads.py has transactions and waiting."""

import asyncio
import functools

import rdb
import rdb.aio


def asynchronous(test):
    @functools.wraps(test)
    def run(path):
        asyncio.run(test(path))

    return run


@asynchronous
async def test_merges(path):
    async with await rdb.aio.open(path) as db, await db.write() as txn:
        counters = await txn.table("counters", key=str, value=int)
        await counters.merge("a", 5, "numeric_add")
        await counters.merge_batch(["a", "b"], [2, 3], "numeric_add")
        await counters.merge("b", 4, lambda key, old, operand: old * operand)
        assert [pair async for pair in counters] == [("a", 7), ("b", 12)]


@asynchronous
async def test_multimaps(path):
    async with await rdb.aio.open(path) as db:
        async with await db.write() as txn:
            tags = await txn.multimap("tags", key=str, value=int)
            assert await tags.update((str(n % 3), n) for n in range(1000)) == 1000
            assert await tags.add("x", 1) and not await tags.add("x", 1)
            assert await tags.discard("0", 3) and not await tags.discard("0", 3)
            assert await tags.discard_key("1") and not await tags.discard_key("1")
        async with await db.read() as txn:
            tags = await txn.multimap("tags", key=str, value=int)
            assert await tags.contains("0") and not await tags.contains("1")
            assert await tags.has("0", 6) and not await tags.has("0", 3)
            assert await tags.count("2") == 333 and await tags.pair_count() == 667
            assert await tags.values_of("2") == list(range(2, 1000, 3))
            assert await tags.values_of("1") == []
            assert [pair async for pair in tags][-1] == ("x", 1)
            assert len([pair async for pair in tags.range("0", "1")]) == 333
            assert [pair async for pair in tags.prefix("x")] == [("x", 1)]
            assert await tags.run(len) == 3


@asynchronous
async def test_values_that_expire(path):
    async with await rdb.aio.open(path) as db:
        await db.run(rdb.Database.set_clock, 1000)
        async with await db.write() as txn:
            cache = await txn.ttl_table("cache", key=str, value=int)
            assert await cache.put_for("soon", 1, 1)
            assert not await cache.put_for("soon", 2, 1, mode="insert")
            assert await cache.put_for("later", 2, 60)
            assert await cache.touch("soon", 2) and not await cache.touch("none", 2)
            assert await cache.expiry("soon") == 1002
        await db.run(rdb.Database.set_clock, 1002)
        async with await db.write() as txn:
            cache = await txn.ttl_table("cache", key=str, value=int)
            assert [pair async for pair in cache] == [("later", 2)]
            assert await cache.count() == 2 and await cache.live_count() == 1
            assert await cache.purge(1) == (1, 0, "later")
            assert await cache.purge(after="later") == (1, 1, None)
            assert await cache.count() == 1
