"""A cache of finished results that is bounded by the memory it takes, not by the number of its entries."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

ENTRY_BYTES = 200
"""About what an entry takes beside its key and its value: a slot of the table, its links, a size."""


class ByteCache(Generic[Key, Value]):
    """Keeps what was used last, up to a number of bytes; the least recently used entries go first.

    Not safe in several threads: whoever shares it holds a lock.

    Args:
        max_bytes: of all keys, values and entries together; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        if max_bytes < 0:
            raise ValueError(f"a cache can't be bounded by {max_bytes} bytes")
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    @property
    def bytes(self) -> int:
        """What the entries take, by the sizes that `put` was told."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __getitem__(self, key: Key) -> Value:
        """The value of a key, which counts as a use.

        Raises:
            KeyError: it is not there, or not any more.
        """
        value, _ = self._entries[key]
        self._entries.move_to_end(key)
        return value

    def put(self, key: Key, value: Value, value_bytes: int) -> None:
        """Keep a value, unless it alone is larger than the whole cache."""
        size = value_bytes + key_bytes(key) + ENTRY_BYTES
        if (old := self._entries.pop(key, None)) is not None:
            self._bytes -= old[1]
        if size > self._max_bytes:
            return
        self._entries[key] = value, size
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed


def key_bytes(key: object) -> int:
    """Memory of a key: a text, or a tuple of texts such as a pair."""
    parts = sum(map(key_bytes, key)) if isinstance(key, tuple) else 0
    return sys.getsizeof(key) + parts
