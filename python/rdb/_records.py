"""The named tuples that rdb hands out."""

from __future__ import annotations

from typing import NamedTuple


class TypeName(NamedTuple):
    """A key or value type as a file stores it: its name and class."""

    name: str
    type_class: int = 1
    """1: built-in, 2: an application's own, 3: a tuple with parts of variable width."""


class TableInfo(NamedTuple):
    """What the catalog knows of a table."""

    name: str
    key: TypeName
    value: TypeName
    entries: int
    kind: str
    """'normal' or 'multimap'; of the latter, ``entries`` counts pairs."""
    key_width: int | None
    """Bytes of each key; None: they vary."""
    value_width: int | None
    key_order_known: bool
    """False: records can only be read, in stored order."""


class TableStats(NamedTuple):
    """Figures of one table."""

    entries: int
    leaf_pages: int
    branch_pages: int
    stored_leaf_bytes: int
    metadata_bytes: int
    fragmented_bytes: int
    tree_height: int


class Stats(NamedTuple):
    """Figures of an open database; from ``commits`` on they count since it was opened."""

    file_bytes: int
    page_bytes: int
    allocated_pages: int
    free_pages: int
    pending_free_pages: int
    resident_bytes: int
    pinned_bytes: int
    memory_budget_bytes: int
    live_readers: int
    last_txn_id: int
    durable_txn_id: int
    commits: int
    bytes_written: int
    write_calls: int
    bytes_read: int
    read_calls: int
    syncs: int
    pages_allocated: int
    pages_evicted: int
    opened_bytes: int
    """Compressed values that are kept decompressed for the next scan; part of resident_bytes."""


class Recovery(NamedTuple):
    """How the last opening went."""

    clean: bool
    """The file had been closed cleanly, or was created."""
    full_repair: bool
    """Every page was read and checked."""
    older_commit: bool
    """The newest commit did not verify and is lost."""
    mirror: bool
    """The header came from the copy at the file's end."""
    txn_id: int
    notes: tuple[str, ...]


class Problem(NamedTuple):
    """One finding of a verification."""

    object: str
    what: str
    meaning: str
    page: int | None


class Report(NamedTuple):
    """What a verification saw; without ``problems`` all is well."""

    pages_checked: int
    tables_checked: int
    entries_checked: int
    leaked_pages: int
    problems: tuple[Problem, ...]


class Option(NamedTuple):
    """An option of ``open``."""

    name: str
    type: str
    """'bool', 'uint', 'bytes' (also with K, M, G) or 'choice'."""
    choices: str
    """Words separated by ``|``, for a choice."""
    initial: str
    help: str
