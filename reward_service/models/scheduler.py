"""The queue in front of a model: merges the work of all requests into batches and runs them in one thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reward_service.errors import DeadlinePassed, NotReady, Overloaded, WorkerFailed
from reward_service.models.protocols import Model
from reward_service.models.queue import LANE_HANDICAP_S, Request, Work, WorkQueue
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

_RATE_MEMORY = 0.8
"""Weight of the past in the moving average of tokens per second."""
_JOIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Answered(Generic[Result]):
    """The answer to one `submit`."""

    results: Sequence[Result]
    """One for each item, in order."""
    computed: int = 0
    """Items that the model computed for this request."""
    tokens: int = 0
    """Tokens of those."""
    cached: int = 0
    """The other items: from the cache, or shared within the request or with another one."""


class Scheduler(Generic[Item, Result]):
    """Owns a model and the only thread that calls it.

    Requests of any event loop and thread hand it items; it runs each distinct item once, batches what waits
    across requests (lane, then length, within the token budget), and answers every waiter with results or a
    typed error.

    Args:
        model: prepares items in a pool thread and runs batches in the scheduler's own.
        name: for messages and the thread's name.
        max_batch_tokens: padded tokens of one model call; a single longer item runs alone.
        max_batch_items: items of one model call.
        cache_items: results kept for later requests.
        handicap_s: by how much older work of each lane goes before younger work of another; see `queue.py`.
    """

    def __init__(
        self,
        model: Model[Item, Result],
        *,
        name: str,
        max_batch_tokens: int,
        max_batch_items: int,
        cache_items: int,
        handicap_s: Mapping[Lane, float] = LANE_HANDICAP_S,
    ) -> None:
        self.name = name
        self._model = model
        self._max_tokens = max_batch_tokens
        self._max_items = max_batch_items
        self._queue: WorkQueue[Item, Result] = WorkQueue(cache_items, handicap_s)
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._error: str | None = None
        self._tokens_per_s: float | None = None

    def start(self) -> None:
        """Start the thread; once in a scheduler's life.

        Raises:
            RuntimeError: it was started or closed before.
        """
        if self._thread is not None or self._stopped:
            raise RuntimeError(f"the {self.name} scheduler can be started once")
        self._thread = threading.Thread(target=self._work, name=f"model-{self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop: whoever waits gets `NotReady`.  Blocks until the batch that runs has ended."""
        self._stopped = True
        self._queue.close(f"the {self.name} worker is shutting down")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)

    @property
    def alive(self) -> bool:
        """The thread runs and takes work."""
        return (
            self._thread is not None and self._thread.is_alive() and not self._stopped and self._error is None
        )

    @property
    def error(self) -> str | None:
        """What killed the thread, if something did."""
        return self._error

    @property
    def queued(self) -> int:
        """Items that wait or run."""
        return self._queue.load()[0]

    def estimate_wait_s(self, lane: Lane | None = None) -> float:
        """Seconds until work that arrives now would begin, from the recent tokens per second.

        Args:
            lane: of the new work; None counts everything that is there.
        """
        tokens = self._queue.load(lane)[1]
        return tokens / self._tokens_per_s if self._tokens_per_s else 0.0

    async def submit(self, items: Sequence[Item], *, lane: Lane, deadline: float | None) -> Answered[Result]:
        """Get the results of some items.

        Args:
            items: any number, repeated ones included.
            lane: who waits.
            deadline: `time.monotonic()` after which nobody wants the results; None waits for ever.

        Raises:
            NotReady: the worker is not started, dead or shut down.
            Overloaded: the queue before this request takes longer than its deadline allows.
            DeadlinePassed: the deadline passed first.
            WorkerFailed: the model raised on one of the items.
        """
        self._require_alive()
        distinct = list(dict.fromkeys(items))
        results = self._queue.cached(distinct)
        missing = [item for item in distinct if item not in results]
        if not missing:
            return Answered([results[item] for item in items], cached=len(items))
        self._require_time(lane, deadline)
        loop = asyncio.get_running_loop()
        request: Request[Item, Result] = Request(
            lane, deadline, loop, loop.create_future(), dict.fromkeys(missing), results
        )
        await self._enqueue(request, missing)
        try:
            async with asyncio.timeout_at(_loop_time(loop, deadline)):
                await request.future
        except TimeoutError:
            raise DeadlinePassed(
                f"the deadline passed while {len(request.missing)} of {len(distinct)} items waited for the "
                f"{self.name} model",
                retry_after_s=max(1.0, self.estimate_wait_s(lane)),
            ) from None
        finally:
            self._queue.drop(request)
            if request.future.done() and not request.future.cancelled():
                request.future.exception()  # seen, should it have come too late for the waiter
        return Answered(
            [results[item] for item in items],
            computed=request.computed,
            tokens=request.tokens,
            cached=len(items) - request.computed,
        )

    async def _enqueue(self, request: Request[Item, Result], missing: Sequence[Item]) -> None:
        """Prepare what is not in the queue yet, and queue all of it."""
        known = self._queue.known(missing)
        todo = [item for item in missing if item not in known]
        prepared: list[tuple[Item, Any, int]] = []
        while True:
            if todo:
                prepared += await asyncio.to_thread(self._prepare, todo)
            self._require_time(request.lane, request.deadline)
            todo = self._queue.add(request, prepared)
            if not todo:
                return

    def _prepare(self, items: Sequence[Item]) -> list[tuple[Item, Any, int]]:
        try:
            prepared = self._model.prepare(items)
            return [
                (item, thing, self._model.cost(thing)) for item, thing in zip(items, prepared, strict=True)
            ]
        except Exception as error:
            raise WorkerFailed(
                f"the {self.name} model could not prepare its input: {_told(error)}"
            ) from error

    def _require_alive(self) -> None:
        if not self.alive:
            state = "is shut down" if self._stopped else "is not started"
            reason = f"is dead ({self._error})" if self._error else state
            raise NotReady(f"the {self.name} worker {reason}", retry_after_s=5.0)

    def _require_time(self, lane: Lane, deadline: float | None) -> None:
        """Refuse what can't be answered in time; an empty queue takes all, which keeps the estimate fresh."""
        if deadline is None:
            return
        left = deadline - time.monotonic()
        wait = self.estimate_wait_s(lane)
        if left <= 0:
            raise DeadlinePassed(
                f"the deadline had passed before the {self.name} model could begin",
                retry_after_s=max(1.0, wait),
            )
        if wait > left:
            raise Overloaded(
                f"the {self.name} model has {wait:.1f} s of work before this, but only {left:.1f} s are left",
                retry_after_s=max(1.0, wait),
            )

    # --- the worker's thread ---

    def _work(self) -> None:
        try:
            while (
                batch := self._queue.take(max_tokens=self._max_tokens, max_items=self._max_items)
            ) is not None:
                self._run(batch)
        except BaseException as error:
            self._error = _told(error)
            logger.critical("the %s worker died: %s", self.name, self._error, exc_info=error)
            self._queue.close(f"the {self.name} worker is dead ({self._error})")

    def _run(self, batch: Sequence[Work[Item, Result]]) -> None:
        """Run a batch.  Where the model raises, run its items one by one: only the culprit's waiters fail."""
        start = time.monotonic()
        try:
            results = self._model.run([work.prepared for work in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} items")
        except Exception as error:
            logger.exception("the %s model failed on a batch of %d", self.name, len(batch))
            if len(batch) == 1:
                told = f"the {self.name} model failed: {_told(error)}"
                self._queue.fail(batch[0], lambda: WorkerFailed(told))
                return
            for work in batch:
                if not self._queue.abandon(work):
                    self._run([work])
            return
        self._measure(sum(work.tokens for work in batch), time.monotonic() - start)
        for work, result in zip(batch, results, strict=True):
            self._queue.finish(work, result)

    def _measure(self, tokens: int, seconds: float) -> None:
        rate = tokens / max(seconds, 1e-6)
        past = self._tokens_per_s
        self._tokens_per_s = rate if past is None else _RATE_MEMORY * past + (1 - _RATE_MEMORY) * rate


def _loop_time(loop: asyncio.AbstractEventLoop, deadline: float | None) -> float | None:
    """A monotonic deadline on the clock of an event loop."""
    return None if deadline is None else loop.time() + deadline - time.monotonic()


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
