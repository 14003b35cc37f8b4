"""What waits for a model: pieces of work with their waiters, in the order in which they should run.

Knows nothing of models, threads of execution or event loops but how to tell a waiter; every method takes
the lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from reward_service.errors import NotReady, TouchstoneError
from reward_service.models.batching import cut
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

LANE_HANDICAP_S = {Lane.LIVE: 0.0, Lane.TRAINING: 15.0, Lane.EVALUATION: 60.0}
"""Work runs in the order of its arrival plus its lane's handicap: live before training before evaluation,
but what has waited that much longer goes first, so nothing starves."""
ARRIVAL_GRAIN_S = 0.5
"""Work that arrived within this time is sorted by length, not by arrival, so that batches pad little."""


@dataclass(eq=False)
class Request(Generic[Item, Result]):
    """One waiter: the items that it still misses, and the future that it awaits."""

    lane: Lane
    deadline: float | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    missing: dict[Item, None]
    """An ordered set."""
    results: dict[Item, Result] = field(default_factory=dict)
    computed: int = 0
    """Items that entered the queue by this request."""
    tokens: int = 0

    def tell(self, error: TouchstoneError | None = None) -> None:
        """Wake the waiter, from whatever thread.  A waiter that is gone needs no answer."""
        with contextlib.suppress(RuntimeError):  # its event loop is closed
            self.loop.call_soon_threadsafe(_resolve, self.future, error)


@dataclass(eq=False)
class Work(Generic[Item, Result]):
    """One distinct item in the queue, with everybody who waits for it."""

    item: Item
    prepared: Any
    tokens: int
    due: float
    """Arrival plus the handicap of its lane."""
    lane: Lane
    """The most urgent one of its waiters."""
    waiters: list[Request[Item, Result]]


class WorkQueue(Generic[Item, Result]):
    """Distinct pieces of work, shared by all requests that want them, and a cache of finished ones.

    Args:
        cache_items: results that the cache keeps; the least recently used one goes first.
        handicap_s: see `LANE_HANDICAP_S`.
    """

    def __init__(self, cache_items: int, handicap_s: Mapping[Lane, float] = LANE_HANDICAP_S) -> None:
        self._cache_items = cache_items
        self._handicap_s = handicap_s
        self._changed = threading.Condition()
        self._waiting: dict[Item, Work[Item, Result]] = {}
        self._running: dict[Item, Work[Item, Result]] = {}
        self._cache: OrderedDict[Item, Result] = OrderedDict()
        self._closed: str | None = None

    def cached(self, items: Iterable[Item]) -> dict[Item, Result]:
        """The results that are there already."""
        with self._changed:
            return {item: self._recall(item) for item in items if item in self._cache}

    def known(self, items: Iterable[Item]) -> set[Item]:
        """The items that are in the queue or running, so that nobody need prepare them again."""
        with self._changed:
            return {item for item in items if item in self._waiting or item in self._running}

    def add(self, request: Request[Item, Result], prepared: Sequence[tuple[Item, Any, int]]) -> list[Item]:
        """Queue what a request misses: join work that is there, and add what is not.

        Args:
            request: its `missing` items that finished meanwhile are filled in.
            prepared: (item, prepared item, tokens) of those that the caller has prepared.

        Returns:
            Items that are neither there nor prepared (their work vanished meanwhile); then nothing was
            queued.

        Raises:
            NotReady: the queue is closed.
        """
        due = self._due(request.lane)
        ready = {item: (thing, tokens) for item, thing, tokens in prepared}
        with self._changed:
            if self._closed is not None:
                raise NotReady(self._closed, retry_after_s=5.0)
            places = (self._cache, self._waiting, self._running, ready)
            lost = [item for item in request.missing if not any(item in place for place in places)]
            if lost:
                return lost
            for item in list(request.missing):
                self._enter(request, item, ready, due)
            if not request.missing:
                request.tell()
            self._changed.notify()
        return []

    def _enter(
        self, request: Request[Item, Result], item: Item, ready: dict[Item, tuple[Any, int]], due: float
    ) -> None:
        if item in self._cache:
            request.results[item] = self._recall(item)
            request.missing.pop(item, None)
        elif (work := self._waiting.get(item) or self._running.get(item)) is not None:
            if due < work.due:
                work.due, work.lane = due, request.lane
            work.waiters.append(request)
        else:
            thing, tokens = ready[item]
            self._waiting[item] = Work(item, thing, tokens, due, request.lane, [request])
            request.computed += 1
            request.tokens += tokens

    def take(self, *, max_tokens: int, max_items: int) -> list[Work[Item, Result]] | None:
        """Wait for work and take the next batch; None once the queue is closed.

        A batch holds one lane only: a live request doesn't wait for training work that would fill its batch.
        """
        with self._changed:
            while not self._waiting and self._closed is None:
                self._changed.wait()
            if self._closed is not None:
                return None
            order = sorted(self._waiting.values(), key=_turn)
            order = [work for work in order if work.lane is order[0].lane]
            costs = [work.tokens for work in order]
            first = next(cut(range(len(order)), costs, max_tokens=max_tokens, max_items=max_items))
            batch = [order[index] for index in first]
            for work in batch:
                self._running[work.item] = self._waiting.pop(work.item)
            return batch

    def finish(self, work: Work[Item, Result], result: Result) -> None:
        """Hand a result to everybody who waits for it, and keep it."""
        with self._changed:
            self._running.pop(work.item, None)
            if self._cache_items > 0:
                self._cache[work.item] = result
                while len(self._cache) > self._cache_items:
                    self._cache.popitem(last=False)
            for request in work.waiters:
                request.results[work.item] = result
                request.missing.pop(work.item, None)
                if not request.missing:
                    request.tell()

    def fail(self, work: Work[Item, Result], error: Callable[[], TouchstoneError]) -> None:
        """Give an error to everybody who waits for a piece of work; their other items leave the queue."""
        with self._changed:
            self._running.pop(work.item, None)
            for request in list(work.waiters):
                request.tell(error())
                self._forget(request)

    def drop(self, request: Request[Item, Result]) -> None:
        """A waiter is gone: work that nobody else waits for leaves the queue."""
        with self._changed:
            self._forget(request)

    def abandon(self, work: Work[Item, Result]) -> bool:
        """Give up work that was taken, unless somebody still waits for it; says whether it was given up."""
        with self._changed:
            if not work.waiters:
                self._running.pop(work.item, None)
            return not work.waiters

    def close(self, reason: str) -> None:
        """Take nothing more; everybody who waits gets `NotReady`."""
        with self._changed:
            if self._closed is None:
                self._closed = reason
            waiters = {
                id(request): request
                for work in (*self._waiting.values(), *self._running.values())
                for request in work.waiters
            }
            for request in waiters.values():
                request.tell(NotReady(self._closed, retry_after_s=5.0))
            self._waiting.clear()
            self._running.clear()
            self._changed.notify_all()

    def load(self, lane: Lane | None = None) -> tuple[int, int]:
        """(items, tokens) that wait or run; with a lane, those that go before work of it that arrives now."""
        due_by = None if lane is None else self._due(lane)
        with self._changed:
            ahead = [work.tokens for work in self._running.values()]
            ahead += [work.tokens for work in self._waiting.values() if due_by is None or work.due <= due_by]
            return len(ahead), sum(ahead)

    def _due(self, lane: Lane) -> float:
        return time.monotonic() + self._handicap_s[lane]

    def _recall(self, item: Item) -> Result:
        self._cache.move_to_end(item)
        return self._cache[item]

    def _forget(self, request: Request[Item, Result]) -> None:
        for item in request.missing:
            for place in (self._waiting, self._running):
                work = place.get(item)
                if work is not None and request in work.waiters:
                    work.waiters.remove(request)
            if item in self._waiting and not self._waiting[item].waiters:
                del self._waiting[item]


def _turn(work: Work[Item, Result]) -> tuple[float, int]:
    return work.due // ARRIVAL_GRAIN_S, work.tokens


def _resolve(future: asyncio.Future[None], error: TouchstoneError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
