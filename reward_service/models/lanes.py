"""The waiting work of one lane, and how batches are cut from it so that they pad little.  No locks here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from reward_service.models.batching import fits
from reward_service.models.work import Work
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

WINDOW_BATCHES = 16
"""Batches' worth of work that is sorted by length at a time.  With lengths spread evenly from 15 to 120
tokens, a window of 8 pads about 11 %, one of 16 about 6 %; a wider one runs work far from its turn."""


class LaneQueue(Generic[Item, Result]):
    """Work in the order of its arrival, of which the oldest (the window) is sorted by length.

    Batches are cut from one end of the window until less than a batch is left; then the next arrivals join
    it, and the cutting goes on from the other end, where those stand that were left.  What was left once is
    not left again, so nothing is passed over for more than two windows.

    Work that `leave`s is not searched for: `wanted` says of a piece, when its turn comes, whether it still
    waits.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.items = 0
        """How many pieces wait."""
        self.tokens = 0
        """Their tokens."""
        self._arrived: deque[Work[Item, Result]] = deque()
        self._window: list[Work[Item, Result]] = []
        """Sorted by length; the next to be cut stands last."""
        self._window_tokens = 0
        self._window_due: float | None = None
        self._left: set[Work[Item, Result]] = set()
        """Work of the window that the last refill found in it."""
        self._halves: list[list[Work[Item, Result]]] = []
        self._longest_first = True

    @property
    def due(self) -> float | None:
        """When about the oldest work is due; None where there is none.  May speak of work that has left."""
        if self._window_due is not None:
            return self._window_due
        return self._arrived[0].due if self._arrived else None

    def add(self, work: Work[Item, Result]) -> None:
        """Work arrives."""
        self._arrived.append(work)
        self._count(work, +1)

    def leave(self, work: Work[Item, Result]) -> None:
        """Work does not wait here any more; the caller marks it so that `wanted` says so."""
        self._count(work, -1)

    def put_back(self, batch: Sequence[Work[Item, Result]]) -> None:
        """A batch of this lane's work that is to run again as it is, before anything else."""
        self._halves.append(list(batch))
        for work in batch:
            self._count(work, +1)

    def cut(
        self, wanted: Callable[[Work[Item, Result]], bool], *, max_tokens: int, max_items: int
    ) -> list[Work[Item, Result]]:
        """Take the next batch out.

        Args:
            wanted: whether a piece of work still waits; asked for each when its turn comes.
            max_tokens, max_items: as in `batching.cut`.

        Returns:
            The batch; empty only if nothing waits.
        """
        batch: list[Work[Item, Result]] = []
        while self._halves and not batch:
            batch = [work for work in self._halves.pop() if self._waits(work, wanted)]
        while not batch and (self._window or self._arrived):
            self._refill(wanted, max_tokens)
            self._fill(batch, wanted, max_tokens, max_items)
        for work in batch:
            self._count(work, -1)
        return batch

    def _count(self, work: Work[Item, Result], sign: int) -> None:
        self.items += sign
        self.tokens += sign * work.tokens

    def _fill(
        self,
        batch: list[Work[Item, Result]],
        wanted: Callable[[Work[Item, Result]], bool],
        max_tokens: int,
        max_items: int,
    ) -> None:
        """Move work from the window into an empty batch until it is full."""
        longest = 0
        while self._window:
            work = self._window[-1]
            if self._waits(work, wanted):
                longest = max(longest, work.tokens)
                if not fits(len(batch) + 1, longest, max_tokens=max_tokens, max_items=max_items):
                    return
                batch.append(work)
            self._window.pop()
            self._window_tokens -= work.tokens
            self._left.discard(work)
        self._window_due = None

    def _refill(self, wanted: Callable[[Work[Item, Result]], bool], max_tokens: int) -> None:
        """Let arrivals into the window where less than a batch is left of it."""
        if not self._arrived or self._left or self._window_tokens >= max_tokens:
            return
        self._left = set(self._window)
        arrivals: list[Work[Item, Result]] = []
        while self._arrived and self._window_tokens < WINDOW_BATCHES * max_tokens:
            work = self._arrived.popleft()
            if self._waits(work, wanted):
                arrivals.append(work)
                self._window_tokens += work.tokens
        self._longest_first = not self._longest_first
        self._window = arrivals[::-1] + self._window  # of equal lengths, what came first is cut first
        self._window.sort(key=lambda work: work.tokens, reverse=not self._longest_first)
        self._window_due = min((work.due for work in self._window), default=None)

    def _waits(self, work: Work[Item, Result], wanted: Callable[[Work[Item, Result]], bool]) -> bool:
        """Whether work still waits in this lane; a more urgent waiter may have taken it to another."""
        return work.lane is self._lane and wanted(work)
