"""The exception classes of rdb, and which status of the library gets which."""

from __future__ import annotations

import os
from typing import Any


class Error(Exception):
    """Base of everything that rdb raises by itself.

    ``status`` is the library's number, ``name`` its constant, ``message`` one sentence, ``position`` a
    page, an offset or an index within a batch (``None``: nothing to say). ``errno`` is that of the system
    call that failed, or 0.
    """

    status: int
    name: str
    message: str
    position: int | None
    errno: Any

    def __init__(self, message: str = "", *, status: int = -900, name: str = "RDB_ERR_INTERNAL",
                 errno: int = 0, position: int | None = None) -> None:
        if isinstance(self, OSError):
            # OSError keeps these in slots of its own.
            OSError.__init__(self, errno, message)
        else:
            Exception.__init__(self, message)
        self.message = message
        self.status = status
        self.name = name
        self.errno = errno
        self.position = position

    def __str__(self) -> str:
        if self.errno:
            return f"{self.message} ({os.strerror(self.errno)})"
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, self.status, self.name, self.errno, self.position)


class UsageError(Error, ValueError):
    """The caller's mistake: wrong order, wrong kind of transaction, values out of their domain."""


class ClosedError(UsageError):
    """Its database, transaction or table is closed."""


class UnsupportedError(UsageError, NotImplementedError):
    """The feature is not in this build."""


class LayoutError(UsageError, BufferError):
    """A buffer has the wrong shape, kind of elements, or is not contiguous."""


class TableError(Error):
    """Something about tables: types, kinds, names."""


class TableMissingError(TableError, KeyError):
    """There is no table of that name."""


class TableTypeError(TableError, TypeError):
    """The table is stored under other key or value types, or is of the other kind."""


class ConcurrencyError(Error):
    """Somebody else, or something that goes on at the same time, is in the way."""


class BusyError(ConcurrencyError):
    """Transactions are open, or calls under way."""


class LockTimeoutError(ConcurrencyError, TimeoutError):
    """Another writer stayed longer than the caller would wait."""


class AlreadyOpenError(ConcurrencyError):
    """The file is open already, in this process or another one."""


class ForkError(ConcurrencyError):
    """The object belongs to the parent process: open the file again in the child."""


class CancelledError(ConcurrencyError):
    """A Cancel was triggered."""


class StorageError(Error, OSError):
    """The system or the device refused; ``errno`` says why."""


class ReadOnlyError(StorageError, PermissionError):
    """The database was opened for reading."""


class FileError(Error):
    """Something about the content of the file."""


class CorruptedError(FileError):
    """The file is damaged; ``position`` may name a page."""


class OutOfMemoryError(Error, MemoryError):
    """The allocator refused, or the database's own memory budget is exhausted."""


class FeatureError(Error):
    """Something about one of the larger features."""


class InternalError(Error, RuntimeError):
    """The library's own mistake: please report it."""


_BY_NAME: dict[str, type[Error]] = {
    "RDB_ERR_CLOSED": ClosedError,
    "RDB_ERR_UNSUPPORTED": UnsupportedError,
    "RDB_ERR_TABLE_MISSING": TableMissingError,
    "RDB_ERR_TABLE_TYPE": TableTypeError,
    "RDB_ERR_TYPE_CHANGED": TableTypeError,
    "RDB_ERR_TABLE_IS_MULTIMAP": TableTypeError,
    "RDB_ERR_TABLE_NOT_MULTIMAP": TableTypeError,
    "RDB_ERR_UNKNOWN_KEY_TYPE": TableTypeError,
    "RDB_ERR_BUSY": BusyError,
    "RDB_ERR_LOCK_TIMEOUT": LockTimeoutError,
    "RDB_ERR_ALREADY_OPEN": AlreadyOpenError,
    "RDB_ERR_FORKED": ForkError,
    "RDB_ERR_CANCELLED": CancelledError,
    "RDB_ERR_READ_ONLY": ReadOnlyError,
    "RDB_ERR_CORRUPTED": CorruptedError,
    "RDB_ERR_PAGE_CORRUPTED": CorruptedError,
}

_BY_HUNDRED: dict[int, type[Error]] = {
    1: UsageError,
    2: TableError,
    3: ConcurrencyError,
    4: StorageError,
    5: FileError,
    6: OutOfMemoryError,
    7: FeatureError,
    9: InternalError,
}


def error_class(status: int, name: str) -> type[Error]:
    """The class for a status; one that this version does not know goes by its hundred."""
    return _BY_NAME.get(name) or _BY_HUNDRED.get(-status // 100, Error)


def make_error(status: int, name: str, message: str, errno: int, position: int | None) -> Error:
    """The exception for a failed call of the library."""
    return error_class(status, name)(message, status=status, name=name, errno=errno, position=position)


def make_layout_error(status: int, name: str, message: str, errno: int,
                      position: int | None) -> LayoutError:
    """The exception for a buffer that does not suit."""
    return LayoutError(message, status=status, name=name, errno=errno, position=position)


def _restore(cls: type[Error], message: str, status: int, name: str, errno: int,
             position: int | None) -> Error:
    return cls(message, status=status, name=name, errno=errno, position=position)
