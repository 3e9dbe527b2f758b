"""What the extension's Multimap hands out: sets of values that are read when they are asked."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, Set, ValuesView
from typing import TypeVar

from ._errors import UsageError

_V = TypeVar("_V")
_MISUSE = -100  # RDB_ERR_MISUSE: a cursor whose table was changed


class ValueSet(Set[_V]):
    """The values of one key, in order: a Set that reads the multimap anew each time it is asked.

    So it follows the writer's changes, and is empty once the key is gone. ``&``, ``|``, ``-`` and ``^`` give plain
    sets. It answers ClosedError when the transaction is over.
    """

    __slots__ = ("_key", "_multimap")

    def __init__(self, multimap, key):
        self._multimap = multimap
        self._key = key

    @classmethod
    def _from_iterable(cls, iterable):
        return set(iterable)

    def __contains__(self, value):
        return self._multimap.has(self._key, value)

    def __iter__(self):
        return iter(self._multimap.values_of(self._key))

    def __reversed__(self):
        return iter(self._multimap.values_of(self._key, reverse=True))

    def __len__(self):
        return self._multimap.count(self._key)

    def first(self):
        """The smallest value; None when there is none."""
        return next(iter(self), None)

    def last(self):
        """The largest value; None when there is none."""
        return next(reversed(self), None)

    def __repr__(self):
        return f"<rdb.ValueSet of {self._key!r}>"


def iterate_keys(multimap, backward):
    with multimap.cursor() as cursor:
        step = cursor.prev_key if backward else cursor.next_key
        while True:
            try:
                pair = step()
            except UsageError as error:
                if error.status != _MISUSE:
                    raise
                raise RuntimeError("multimap changed during iteration") from None
            if pair is None:
                return
            yield pair[0]


__all__ = ["ItemsView", "KeysView", "ValueSet", "ValuesView", "iterate_keys"]
