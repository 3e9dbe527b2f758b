"""Never run: mypy reads it, to see that the stubs say what users rely on."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from typing_extensions import assert_type

import rdb
import rdb.aio


def readers(db: rdb.Database) -> None:
    with db.read() as txn:
        assert_type(txn, rdb.Transaction)
        plain = txn.table("t")
        assert_type(plain, rdb.Table[bytes, bytes])
        assert_type(plain[b"k"], bytes)
        assert_type(plain.get(b"k"), bytes | None)
        assert_type(plain.get(b"k", 5), bytes | int)
        typed = txn.table("t", key=str, value=int)
        assert_type(typed, rdb.Table[str, int])
        for name, year in typed.range("a", "b", reverse=True):
            assert_type(name, str)
            assert_type(year, int)
        assert_type([*typed.keys()], list[str])
        assert_type([*typed.prefix("a").only_values()], list[int])
        assert_type(typed.first(), tuple[str, int] | None)
        assert_type(typed.get_batch(["a"]), list[int | None])
        assert_type(typed.get_batch(["a"], default=0), list[int])
        assert_type(typed.get_batch(["a"], out=bytearray(8)), bytearray)
        assert_type(typed.cursor().seek("a"), tuple[str, int] | None)
        assert_type(txn.table("t", key="u64", value="[f32;3]"), rdb.Table[Any, Any])
        assert_type(txn.table("t", value=float), rdb.Table[bytes, float])
        as_mapping: Mapping[str, int] = typed
        typed["a"] = 1  # type: ignore[index]
        del as_mapping


def writers(db: rdb.Database) -> None:
    with db.write(timeout=1.5, durability="none") as txn:
        table = txn.table("t", key=str, value=int)
        assert_type(table, rdb.WriteTable[str, int])
        table["a"] = 1
        table["a"] = "text"  # type: ignore[assignment]
        table.update({"a": 1})
        table.put_items(table.items())
        assert_type(table.insert("a", 1), bool)
        assert_type(table.put_batch(["a"], [1], mode="insert"), int)
        assert_type(table.pop("a"), int)
        as_mapping: MutableMapping[str, int] = table
        del as_mapping
    db.write(durability="maybe")  # type: ignore[arg-type]
    assert_type(db.stats().commits, int)
    assert_type(db.verify(), rdb.Report | None)


async def coroutines() -> None:
    async with await rdb.aio.open("a.rdb") as db:
        async with await db.read() as txn:
            assert_type(await txn.table("t"), rdb.aio.AsyncTable)


def errors(error: rdb.LockTimeoutError) -> None:
    timeout: TimeoutError = error
    assert_type(error.status, int)
    assert_type(error.position, int | None)
    del timeout
