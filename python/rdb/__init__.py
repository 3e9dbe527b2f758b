"""rdb: an embedded, transactional key-value database in one file.

    import rdb

    with rdb.open("people.rdb") as db:
        with db.write() as txn:
            txn.table("born", key=str, value=int)["ada"] = 1815
        with db.read() as txn:
            print(txn.table("born", key=str, value=int)["ada"])

One writer, any number of readers, each on its own snapshot. A table is a mapping in key order; ``range`` and
``prefix`` read parts of it, ``update`` and ``put_batch`` write many records at once, and scans go to pyarrow, polars
and the like through ``__arrow_c_stream__``. ``rdb.aio`` is the same for asyncio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from types import GenericAlias

from ._errors import (
    AlreadyOpenError,
    BusyError,
    CancelledError,
    ClosedError,
    ConcurrencyError,
    CorruptedError,
    Error,
    FeatureError,
    FileError,
    ForkError,
    InternalError,
    LayoutError,
    LockTimeoutError,
    OutOfMemoryError,
    ReadOnlyError,
    StorageError,
    TableError,
    TableMissingError,
    TableTypeError,
    UnsupportedError,
    UsageError,
)
from ._multimap import ValueSet
from ._rdb import (
    Cancel,
    Cursor,
    Database,
    Extraction,
    Multimap,
    MultimapCursor,
    RecordIterator,
    Scan,
    Table,
    Transaction,
    TtlTable,
    Value,
    WriteMultimap,
    WriteTable,
    WriteTransaction,
    WriteTtlTable,
    abi_version,
    build_info,
    decode,
    encode,
    has_feature,
    open,
    open_memory,
    options,
    status_name,
    version,
    version_number,
)
from ._records import (
    Option,
    Problem,
    Recovery,
    Report,
    Stats,
    TableInfo,
    TableStats,
    TypeName,
)

__version__ = version()

__all__ = [
    "AlreadyOpenError", "BusyError", "Cancel", "CancelledError", "ClosedError", "ConcurrencyError",
    "CorruptedError", "Cursor", "Database", "Error", "Extraction", "FeatureError", "FileError",
    "ForkError", "InternalError", "LayoutError", "LockTimeoutError", "Multimap", "MultimapCursor",
    "Option", "OutOfMemoryError", "Problem",
    "ReadOnlyError", "RecordIterator", "Recovery", "Report", "Scan", "Stats", "StorageError", "Table",
    "TableError", "TableInfo", "TableMissingError", "TableStats", "TableTypeError", "Transaction", "TtlTable",
    "TypeName", "UnsupportedError", "UsageError", "Value", "ValueSet", "WriteMultimap", "WriteTable", "WriteTransaction",
    "WriteTtlTable", "abi_version", "build_info", "decode", "encode", "has_feature", "open", "open_memory", "options", "status_name",
    "version",
    "version_number",
]

Mapping.register(Table)
Mapping.register(Multimap)
MutableMapping.register(WriteTable)
Iterator.register(RecordIterator)
Iterator.register(Extraction)

# Generic for annotations and type checkers: rdb.Table[str, int].
for _generic in (Table, Scan, RecordIterator, Cursor, Extraction, Multimap, MultimapCursor, ValueSet):
    _generic.__class_getitem__ = classmethod(GenericAlias)

# What users see is rdb.Table, not the extension it lives in.
for _name in __all__:
    _item = globals()[_name]
    if isinstance(_item, type):
        _item.__module__ = "rdb"
del _generic, _name, _item, GenericAlias, Iterator, Mapping, MutableMapping
