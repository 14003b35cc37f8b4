"""What waits for a model: pieces of work with their waiters, in lanes, and the batches on their way.

Knows nothing of models or event loops but how to tell a waiter; every method takes the lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from reward_service.errors import NotReady, TouchstoneError
from reward_service.models.cache import ByteCache
from reward_service.models.lanes import LaneQueue
from reward_service.models.turns import LANE_HANDICAP_S, Turns, tokens_before
from reward_service.models.work import URGENCY, Batch, Request, Work, rank
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")


class WorkQueue(Generic[Item, Result]):
    """Distinct pieces of work, shared by all requests that want them, and a cache of finished ones.

    Work waits in its lane, is cut into a batch (`take`), which is collated, waits until it is `ready` and
    its turn has come (`next`), runs, and is finished or split.  Of each lane one batch is cut ahead, so that
    a live request neither waits for a row of training batches that are collated already, nor to be collated
    itself.

    Args:
        cache_bytes: memory that finished results may take.
        too_late: what a waiter is told whose deadline has passed.
        handicap_s: see `turns.py`.
        live_apart: work of the live lane waits for no batch of another lane that runs.
    """

    def __init__(
        self,
        cache_bytes: int,
        too_late: Callable[[Request[Item, Result]], TouchstoneError],
        handicap_s: Mapping[Lane, float] = LANE_HANDICAP_S,
        *,
        live_apart: bool = False,
    ) -> None:
        self._too_late = too_late
        self._live_apart = live_apart
        self._handicap_s = handicap_s
        self._changed = threading.Condition()
        self._works: dict[Item, Work[Item, Result]] = {}
        self._lanes = {lane: LaneQueue[Item, Result](lane) for lane in URGENCY}
        self._taken = dict.fromkeys(URGENCY, 0)
        """Tokens in batches that are collated, ready or running, by the lane of those who wait."""
        self._ahead: dict[Lane, Batch[Item, Result]] = {}
        """Batches that are collated or ready, by the lane they were cut from."""
        self._turns: Turns[Item, Result] = Turns()
        self._cache: ByteCache[Item, Result] = ByteCache(cache_bytes)
        self._closed: str | None = None

    # --- for the waiters ---

    def cached(self, items: Iterable[Item]) -> dict[Item, Result]:
        """The results that are there already."""
        with self._changed:
            return {item: self._cache[item] for item in items if item in self._cache}

    @property
    def cached_bytes(self) -> int:
        """Memory that the cache takes."""
        return self._cache.bytes

    def known(self, items: Iterable[Item]) -> set[Item]:
        """The items that wait or run already, so that nobody need prepare them again."""
        with self._changed:
            return {item for item in items if item in self._works}

    def add(
        self,
        request: Request[Item, Result],
        items: Sequence[Item],
        prepared: Sequence[tuple[Item, Any, int]],
    ) -> list[Item]:
        """Queue some of what a request misses: join work that is there, add what is not.

        Args:
            request: those of the items that finished meanwhile are filled in.
            items: which of its missing ones.
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
            places = (self._cache, self._works, ready)
            if lost := [item for item in items if not any(item in place for place in places)]:
                return lost
            for item in items:
                self._enter(request, item, ready, due)
            self._changed.notify_all()
        return []

    def drop(self, request: Request[Item, Result]) -> None:
        """A waiter is gone: work that nobody else waits for leaves the queue."""
        with self._changed:
            self._forget(request)

    def close(self, reason: str) -> None:
        """Take nothing more; everybody who waits gets `NotReady`."""
        with self._changed:
            if self._closed is None:
                self._closed = reason
            for request in {request for work in self._works.values() for request in work.waiters}:
                request.tell(NotReady(self._closed, retry_after_s=5.0))
            self._works.clear()
            self._ahead.clear()
            self._changed.notify_all()

    @property
    def items(self) -> int:
        """Items that wait or run."""
        return len(self._works)

    def tokens(self, lane: Lane | None = None) -> int:
        """Tokens that wait or run; with a lane, those that go before work of it that arrives now.

        See `tokens_before`; where live work is run apart, only other live work goes before it.
        """
        with self._changed:
            if lane is None:
                return sum(self._taken.values()) + sum(lane.tokens for lane in self._lanes.values())
            if self._live_apart and lane is Lane.LIVE:
                return self._taken[lane] + self._lanes[lane].tokens
            return tokens_before(lane, self._due(lane), sum(self._taken.values()), self._ahead, self._lanes)

    # --- for the threads that run batches ---

    def take(self, *, max_tokens: Callable[[int], int], max_items: int) -> Batch[Item, Result] | None:
        """Wait for work that may be cut ahead and cut it; None once the queue is closed.

        A batch holds one lane only: a live request doesn't wait for training work that would fill its batch.
        Nobody computes what nobody wants any more: waiters whose deadline has passed are told so, and their
        work leaves the queue.  `max_tokens` says how many padded tokens a batch may have where so many wait.
        """
        with self._changed:
            while self._closed is None:
                lanes = [lane for lane in URGENCY if self._lanes[lane].items and lane not in self._ahead]
                if not lanes:
                    self._changed.wait()
                    continue
                wanted = partial(self._wanted, time.monotonic())
                lane = self._lanes[lanes[0]]
                works = lane.cut(wanted, max_tokens=max_tokens(lane.tokens), max_items=max_items)
                if works:
                    self._ahead[lanes[0]] = batch = Batch(lanes[0], works)
                    for work in works:
                        work.taken = True
                        self._taken[work.lane] += work.tokens
                    return batch
        return None

    def ready(self, batch: Batch[Item, Result]) -> None:
        """A batch is collated and may run."""
        with self._changed:
            batch.ready = True
            self._changed.notify_all()

    def next(self, lanes: Collection[Lane] = URGENCY) -> Batch[Item, Result] | None:
        """Wait for a ready batch that somebody in these lanes still wants and take it in its turn; None once
        closed."""
        with self._changed:
            while self._closed is None:
                ready = [batch for batch in self._ahead.values() if batch.ready and batch.urgency in lanes]
                if not ready:
                    self._changed.wait()
                    continue
                batch = self._turns.pick(ready)
                del self._ahead[batch.lane]
                self._changed.notify_all()
                self._drop_late(time.monotonic(), batch.works)
                if any(work.waiters for work in batch.works):
                    return batch
                for work in batch.works:
                    self._leave(work)
        return None

    def finish(self, batch: Batch[Item, Result], results: Sequence[Result], sizes: Sequence[int]) -> None:
        """Hand the results to everybody who waits for them, and keep them.

        Args:
            batch: that has run.
            results: one for each piece of work.
            sizes: bytes that each of them takes.
        """
        with self._changed:
            for work, result, size in zip(batch.works, results, sizes, strict=True):
                self._leave(work)
                self._cache.put(work.item, result, size)
                for request in work.waiters:
                    request.got(work.item, result)

    def split(self, batch: Batch[Item, Result], error: Callable[[], TouchstoneError]) -> None:
        """A batch has failed: let its halves run again, each by itself, until the culprit is alone.

        Args:
            batch: with one piece of work, everybody who waits for it gets the error, and what else only they
                waited for leaves the queue.
            error: makes one for each waiter.
        """
        with self._changed:
            if self._ahead.get(batch.lane) is batch:
                del self._ahead[batch.lane]
            wanted = [work for work in batch.works if work.waiters and work.item in self._works]
            lane = batch.urgency
            for work in batch.works:
                self._leave(work)
            if len(batch.works) == 1:
                for request in list(batch.works[0].waiters):
                    request.tell(error())
                    self._forget(request)
            else:
                for work in wanted:
                    work.taken, work.lane = False, lane
                    self._works[work.item] = work
                middle = (len(wanted) + 1) // 2
                self._lanes[lane].put_back(wanted[middle:])
                self._lanes[lane].put_back(wanted[:middle])
            self._changed.notify_all()

    # --- under the lock ---

    def _enter(
        self, request: Request[Item, Result], item: Item, ready: dict[Item, tuple[Any, int]], due: float
    ) -> None:
        if item in self._cache:
            request.got(item, self._cache[item])
        elif (work := self._works.get(item)) is not None:
            self._hurry(work, request.lane, due)
            work.waiters.append(request)
        else:
            thing, tokens = ready[item]
            work = self._works[item] = Work(item, thing, tokens, request.lane, due, [request])
            self._lanes[work.lane].add(work)
            request.computed += 1
            request.tokens += tokens

    def _hurry(self, work: Work[Item, Result], lane: Lane, due: float) -> None:
        """Somebody more urgent waits for it too."""
        work.due = min(work.due, due)
        if rank(lane) < rank(work.lane):
            if work.taken:
                self._taken[work.lane] -= work.tokens
                self._taken[lane] += work.tokens
            else:
                self._lanes[work.lane].leave(work)
                self._lanes[lane].add(work)
            work.lane = lane

    def _leave(self, work: Work[Item, Result]) -> None:
        if self._works.pop(work.item, None) is None:
            return  # the queue was closed meanwhile
        if work.taken:
            self._taken[work.lane] -= work.tokens
        else:
            self._lanes[work.lane].leave(work)

    def _forget(self, request: Request[Item, Result]) -> None:
        for item in request.missing:
            work = self._works.get(item)
            if work is not None and request in work.waiters:
                work.waiters.remove(request)
                if not work.waiters and not work.taken:
                    self._leave(work)

    def _wanted(self, now: float, work: Work[Item, Result]) -> bool:
        self._drop_late(now, [work])
        return bool(work.waiters) and not work.taken

    def _drop_late(self, now: float, works: Iterable[Work[Item, Result]]) -> None:
        waiters = {request for work in works for request in work.waiters}
        for request in waiters:
            if request.deadline is not None and request.deadline < now:
                request.tell(self._too_late(request))
                self._forget(request)

    def _due(self, lane: Lane) -> float:
        return time.monotonic() + self._handicap_s[lane]
