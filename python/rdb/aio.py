"""rdb for asyncio: the same objects, with blocking calls made by a small pool of threads.

    import rdb.aio

    async with await rdb.aio.open("people.rdb") as db:
        async with await db.write() as txn:
            born = await txn.table("born", key=str, value=int)
            await born.update({"ada": 1815})
        async with await db.read() as txn:
            async for name, year in await txn.table("born", key=str, value=int):
                ...

There is no second engine. A writer is not bound to a thread, so any thread of the pool may carry on what another one
began. What is awaited and then cancelled goes on in its thread; a ``db.write()`` that was still waiting for another
writer gives up.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from . import Cancel, Database
from . import open as _open

__all__ = ["AsyncDatabase", "AsyncMultimap", "AsyncTable", "AsyncTransaction", "AsyncTtlTable", "open"]

_T = TypeVar("_T")
_BATCH = 256


class _Pool:
    """The threads of one database."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "rdb")

    async def run(self, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, functools.partial(call, *args, **kwargs))

    def end(self) -> None:
        self._executor.shutdown(wait=False)


class _Records:
    """What tables and multimaps share."""

    def __init__(self, pool: _Pool, table: Any) -> None:
        self._pool = pool
        self.sync = table
        """What is behind it: a Table, a Multimap or a kind of one."""

    async def contains(self, key: Any) -> bool:
        """Whether key is there."""
        return await self._pool.run(self.sync.__contains__, key)

    async def run(self, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        """Calls call(table, ...) in a thread of the pool: for whatever has no method here."""
        return await self._pool.run(call, self.sync, *args, **kwargs)

    def range(self, lower: Any = None, upper: Any = None, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
        """The records from lower up to and without upper, as Table.range."""
        return self._read(self.sync.range(lower, upper, **options))

    def prefix(self, prefix: Any, *, reverse: bool = False) -> AsyncIterator[tuple[Any, Any]]:
        """The records whose keys begin with prefix."""
        return self._read(self.sync.prefix(prefix, reverse=reverse))

    async def _read(self, scan: Any) -> AsyncIterator[tuple[Any, Any]]:
        iterator = iter(scan)
        while batch := await self._pool.run(_take, iterator):
            for record in batch:
                yield record


class AsyncTable(_Records):
    """A table of a transaction; ``async for`` gives its records as pairs, in key order."""

    async def get(self, key: Any, default: Any = None) -> Any:
        """The value of key, or default when it is not there."""
        return await self._pool.run(self.sync.get, key, default)

    async def count(self) -> int:
        """Number of records."""
        return await self._pool.run(self.sync.__len__)

    async def get_batch(self, keys: Iterable[Any], default: Any = None) -> list[Any]:
        """The values of many keys at once."""
        return await self._pool.run(self.sync.get_batch, keys, default)

    async def put(self, key: Any, value: Any) -> None:
        """Stores value under key, replacing what was there."""
        await self._pool.run(self.sync.put, key, value)

    async def discard(self, key: Any) -> bool:
        """Deletes key: True when it was there."""
        return await self._pool.run(self.sync.discard, key)

    async def update(self, records: Any) -> None:
        """Stores the records of a mapping, or of an iterable of pairs."""
        await self._pool.run(self.sync.update, records)

    async def merge(self, key: Any, operand: Any, op: Any) -> None:
        """Combines operand with what key has, as WriteTable.merge. A function runs in a thread of the pool."""
        await self._pool.run(self.sync.merge, key, operand, op)

    async def merge_batch(self, keys: Any, operands: Any, op: Any) -> None:
        """Many merges at once, in the order given."""
        await self._pool.run(self.sync.merge_batch, keys, operands, op)

    def __aiter__(self) -> AsyncIterator[tuple[Any, Any]]:
        return self._read(self.sync.items())


class AsyncTtlTable(AsyncTable):
    """A table whose values expire, by the database's clock."""

    async def put_for(self, key: Any, value: Any, ttl: Any, *, mode: str = "put") -> bool:
        """Stores value for ttl seconds, as WriteTtlTable.put_for: True when mode let it."""
        return await self._pool.run(self.sync.put_for, key, value, ttl, mode=mode)

    async def touch(self, key: Any, ttl: Any) -> bool:
        """Lets the value of key live for ttl seconds from now: True when there is one."""
        return await self._pool.run(self.sync.touch, key, ttl)

    async def expiry(self, key: Any) -> float | None:
        """When the value of key expires, in seconds since 1970 began; None: never."""
        return await self._pool.run(self.sync.expiry, key)

    async def live_count(self) -> int:
        """Number of records that have not expired: looks at all."""
        return await self._pool.run(self.sync.live_count)

    async def purge(self, max_records: int = 0, *, after: Any = None) -> tuple[int, int, Any]:
        """Deletes what has expired, as WriteTtlTable.purge: records looked at, deleted, and where to go on."""
        return await self._pool.run(self.sync.purge, max_records, after=after)


class AsyncMultimap(_Records):
    """A multimap of a transaction; ``async for`` gives its pairs, in the order of keys and of each key's values."""

    async def values_of(self, key: Any) -> list[Any]:
        """The values of key, in order; empty when it has none."""
        return await self._pool.run(_list_values, self.sync, key)

    async def has(self, key: Any, value: Any) -> bool:
        """Whether value is one of key's."""
        return await self._pool.run(self.sync.has, key, value)

    async def count(self, key: Any) -> int:
        """Number of values of key."""
        return await self._pool.run(self.sync.count, key)

    async def pair_count(self) -> int:
        """Number of pairs."""
        return await self._pool.run(self.sync.pair_count)

    async def add(self, key: Any, value: Any) -> bool:
        """Adds value to those of key: True when it was new."""
        return await self._pool.run(self.sync.add, key, value)

    async def discard(self, key: Any, value: Any) -> bool:
        """Takes value from those of key: True when it was there."""
        return await self._pool.run(self.sync.discard, key, value)

    async def discard_key(self, key: Any) -> bool:
        """Deletes key with all its values: True when it was there."""
        return await self._pool.run(self.sync.discard_key, key)

    async def update(self, pairs: Iterable[tuple[Any, Any]]) -> int:
        """Adds many pairs; returns how many were new."""
        return await self._pool.run(self.sync.update, pairs)

    def __aiter__(self) -> AsyncIterator[tuple[Any, Any]]:
        return self._read(self.sync.pairs())


def _list_values(multimap: Any, key: Any) -> list[Any]:
    return list(multimap.values_of(key))


def _take(iterator: Any) -> list[Any]:
    return list(itertools.islice(iterator, _BATCH))


class AsyncTransaction:
    """A reader or the writer. ``async with`` commits a writer, or aborts it after an exception."""

    def __init__(self, pool: _Pool, transaction: Any) -> None:
        self._pool = pool
        self.sync = transaction
        """The Transaction or WriteTransaction behind it."""

    async def table(self, name: str, *, key: Any = None, value: Any = None, buffers: bool = False) -> AsyncTable:
        """Opens a table, as Transaction.table."""
        table = await self._pool.run(self.sync.table, name, key=key, value=value, buffers=buffers)
        return AsyncTable(self._pool, table)

    async def ttl_table(self, name: str, *, key: Any = None, value: Any = None) -> AsyncTtlTable:
        """Opens a table whose values expire, as Transaction.ttl_table."""
        return AsyncTtlTable(self._pool, await self._pool.run(self.sync.ttl_table, name, key=key, value=value))

    async def multimap(self, name: str, *, key: Any = None, value: Any = None) -> AsyncMultimap:
        """Opens a multimap, as Transaction.multimap."""
        return AsyncMultimap(self._pool, await self._pool.run(self.sync.multimap, name, key=key, value=value))

    async def commit(self) -> None:
        """Makes a writer's changes visible and durable."""
        await self._pool.run(self.sync.commit)

    async def abort(self) -> None:
        """Ends the transaction; a writer takes back what it did."""
        await self._pool.run(self.sync.abort)

    async def run(self, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        """Calls call(transaction, ...) in a thread of the pool: for whatever has no method here."""
        return await self._pool.run(call, self.sync, *args, **kwargs)

    async def __aenter__(self) -> AsyncTransaction:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._pool.run(self.sync.__exit__, kind, value, trace)


class AsyncDatabase:
    """An open database. ``async with`` closes it."""

    def __init__(self, pool: _Pool, database: Database) -> None:
        self._pool = pool
        self.sync = database
        """The Database behind it."""

    async def read(self) -> AsyncTransaction:
        """Begins a reader."""
        return AsyncTransaction(self._pool, await self._pool.run(self.sync.read))

    async def write(self, *, timeout: float | None = None, **options: Any) -> AsyncTransaction:
        """Begins the writer, as Database.write. Cancelling the wait gives it up."""
        cancel = options.pop("cancel", None) or Cancel()
        begin = asyncio.ensure_future(
            self._pool.run(self.sync.write, timeout=timeout, cancel=cancel, **options))
        try:
            return AsyncTransaction(self._pool, await asyncio.shield(begin))
        except asyncio.CancelledError:
            cancel.trigger()
            begin.add_done_callback(_abandon)
            raise

    async def run(self, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        """Calls call(database, ...) in a thread of the pool: for whatever has no method here."""
        return await self._pool.run(call, self.sync, *args, **kwargs)

    async def close(self) -> None:
        """Closes the database, as Database.close."""
        await self._pool.run(self.sync.close)
        self._pool.end()

    async def __aenter__(self) -> AsyncDatabase:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self._pool.run(self.sync.__exit__, kind, value, trace)
        self._pool.end()


def _abandon(begin: asyncio.Future[Any]) -> None:
    """Ends a writer that began although nobody waits for it any more."""
    if not begin.cancelled() and begin.exception() is None:
        begin.result().abort()


async def open(path: Any, *, threads: int = 4, **options: Any) -> AsyncDatabase:
    """Opens the database in the file at path, as rdb.open, with a pool of some threads."""
    pool = _Pool(threads)
    try:
        return AsyncDatabase(pool, await pool.run(_open, path, **options))
    except BaseException:
        pool.end()
        raise
