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

__all__ = ["AsyncDatabase", "AsyncTable", "AsyncTransaction", "open"]

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


class AsyncTable:
    """A table of a transaction; ``async for`` gives its records as pairs, in key order."""

    def __init__(self, pool: _Pool, table: Any) -> None:
        self._pool = pool
        self.sync = table
        """The Table or WriteTable behind it."""

    async def get(self, key: Any, default: Any = None) -> Any:
        """The value of key, or default when it is not there."""
        return await self._pool.run(self.sync.get, key, default)

    async def contains(self, key: Any) -> bool:
        """Whether key is there."""
        return await self._pool.run(self.sync.__contains__, key)

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

    async def run(self, call: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        """Calls call(table, ...) in a thread of the pool: for whatever has no method here."""
        return await self._pool.run(call, self.sync, *args, **kwargs)

    def __aiter__(self) -> AsyncIterator[tuple[Any, Any]]:
        return self._read(self.sync.items())

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
