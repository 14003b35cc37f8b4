"""A batch of texts on its way through the annotator processes, and the pieces that it is cut into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import accumulate
from typing import NamedTuple

from reward_service.types import Annotate


class SubmittedBatch:
    """Texts whose documents come in piece by piece.  Only `done` may be touched by more than one thread.

    Args:
        items: the texts.
    """

    def __init__(self, items: Sequence[Annotate]) -> None:
        self.items = items
        self.done: Future[list[bytes]] = Future()
        """The packed documents (see `annotation_wire.py`) in the order of the texts, in any number of parts;
        or a RuntimeError that says what went wrong."""
        self._parts: dict[int, bytes] = {}
        self._missing = len(items)
        if not items:
            self.done.set_result([])

    def add(self, piece: Piece, packed: bytes) -> None:
        """Take in the documents of a piece; those of the last one complete the batch."""
        self._parts[piece.first] = packed
        self._missing -= piece.last - piece.first
        if self._missing == 0 and not self.done.done():
            self.done.set_result([self._parts[first] for first in sorted(self._parts)])

    def fail(self, message: str) -> None:
        """Give up the whole batch; without effect where it is complete or has failed already."""
        if not self.done.done():
            self.done.set_exception(RuntimeError(message))


class Piece(NamedTuple):
    """The texts [first, last) of a batch, which one process annotates in one go."""

    batch: SubmittedBatch
    first: int
    last: int
    deaths: int = 0
    """How many processes have died over it."""

    @property
    def items(self) -> list[Annotate]:
        return list(self.batch.items[self.first : self.last])

    def one_by_one(self) -> list[Piece]:
        """Its texts as pieces of their own, after a process died over all of them."""
        return [Piece(self.batch, i, i + 1, self.deaths + 1) for i in range(self.first, self.last)]


def cut(batch: SubmittedBatch, count: int) -> list[Piece]:
    """At most `count` pieces of about equal length in characters; none for an empty batch."""
    lengths = [len(item.text) for item in batch.items]
    share = math.ceil(sum(lengths) / count)
    pieces: list[Piece] = []
    first = 0
    for last, total in enumerate(accumulate(lengths), start=1):
        if total >= share * (len(pieces) + 1) or last == len(lengths):
            pieces.append(Piece(batch, first, last))
            first = last
    return pieces
