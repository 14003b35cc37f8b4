"""The way to a model: merges the work of all requests into batches, and answers or refuses each in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reward_service.errors import DeadlinePassed, NotReady, Overloaded, WorkerFailed
from reward_service.models.pipeline import Pipeline, told
from reward_service.models.protocols import Model
from reward_service.models.queue import WorkQueue
from reward_service.models.speed import SchedulerStats, Speed
from reward_service.models.turns import LANE_HANDICAP_S
from reward_service.models.work import Request
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

PIECE_ITEMS = 256
"""Items that are tokenised and queued at a time, so that the first batch runs while the rest is tokenised."""
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
    """Owns a model and the only threads that run it.

    Requests of any event loop and thread hand it items; it runs each distinct item once, batches what waits
    across requests (lane, then length, within the token budget), and answers every waiter with results or a
    typed error.

    Args:
        model: prepares items in pool threads; its other steps run in the threads of a `Pipeline`.
        name: for messages and the threads' names.
        max_batch_tokens: padded tokens of one model call; a single longer item runs alone.
        max_batch_items: items of one model call.
        min_batch_tokens: what a batch may have, however long it takes.
        calls: batches that run side by side.
        live_apart: live batches wait for none of another lane that runs; see `Pipeline`.
        cache_bytes: memory for results that are kept for later requests.
        max_batch_s: seconds that a batch should take at most, by the measured speed: a live request waits for
            the one that runs.  None for no such target.
        handicap_s: by how much older work of each lane counts as older; see `turns.py`.
    """

    def __init__(
        self,
        model: Model[Item, Result],
        *,
        name: str,
        max_batch_tokens: int,
        max_batch_items: int,
        cache_bytes: int,
        max_batch_s: float | None = None,
        min_batch_tokens: int = 1,
        calls: int = 1,
        live_apart: bool = False,
        handicap_s: Mapping[Lane, float] = LANE_HANDICAP_S,
    ) -> None:
        self.name = name
        self._model = model
        self._speed = Speed(max_batch_tokens, max_batch_s, min_batch_tokens, calls)
        self._queue: WorkQueue[Item, Result] = WorkQueue(
            cache_bytes, self._too_late, handicap_s, live_apart=live_apart
        )
        self._pipeline = Pipeline(
            model, self._queue, self._speed, name=name, max_batch_items=max_batch_items, calls=calls,
            live_apart=live_apart,
        )  # fmt: skip
        self._started = False
        self._stopped = False

    # --- life ---

    def start(self) -> None:
        """Start the threads; once in a scheduler's life.

        Raises:
            RuntimeError: it was started or closed before.
        """
        if self._started or self._stopped:
            raise RuntimeError(f"the {self.name} scheduler can be started once")
        self._started = True
        self._pipeline.start()

    def close(self) -> None:
        """Stop: whoever waits gets `NotReady`.  Blocks until the batch that runs has ended, then closes the
        model."""
        stopped, self._stopped = self._stopped, True
        self._queue.close(f"the {self.name} worker is shutting down")
        if self._pipeline.join(_JOIN_S) and not stopped:
            self._model.close()

    @property
    def alive(self) -> bool:
        """The threads run and take work, and the model is well."""
        return self._takes_work and self._model.health() is None

    @property
    def error(self) -> str | None:
        """What killed a thread, or what is wrong with the model at the moment."""
        return self._pipeline.error or self._model.health()

    # --- what goes on ---

    @property
    def queued(self) -> int:
        """Items that wait or run."""
        return self._queue.items

    @property
    def cached_bytes(self) -> int:
        """Memory that the kept results take."""
        return self._queue.cached_bytes

    @property
    def stats(self) -> SchedulerStats:
        """What the model has computed so far."""
        return self._pipeline.stats

    def estimate_wait_s(self, lane: Lane | None = None) -> float:
        """Seconds until work that arrives now would begin, from the recent tokens per second.

        Args:
            lane: of the new work; None counts everything that is there.
        """
        return self._speed.seconds(self._queue.tokens(lane))

    # --- requests ---

    async def submit(self, items: Sequence[Item], *, lane: Lane, deadline: float | None) -> Answered[Result]:
        """Get the results of some items.

        A request is refused as soon as it is clear that it can't be answered in time: where the work before
        it and its own, at the measured tokens per second, take longer than its deadline leaves.  A queue
        with nothing before it takes all, which keeps the measure fresh.  `retry_after_s` of the refusal says
        after how many seconds the same request, with as much time, would fit: when the work before it has
        shrunk by what is too much now; at least 1, and no more than all of that work takes.

        Args:
            items: any number, repeated ones included.
            lane: who waits.
            deadline: `time.monotonic()` after which nobody wants the results; None waits for ever.

        Raises:
            NotReady: the worker is not started, dead or shut down.
            Overloaded: see above.
            DeadlinePassed: the deadline passed first.
            WorkerFailed: the model raised on one of the items.
        """
        self._require_threads()
        distinct = list(dict.fromkeys(items))
        results = self._queue.cached(distinct)
        missing = [item for item in distinct if item not in results]
        if not missing:
            return Answered([results[item] for item in items], cached=len(items))
        self._require_time(lane, deadline, len(missing))
        loop = asyncio.get_running_loop()
        request: Request[Item, Result] = Request(
            lane, deadline, loop, loop.create_future(), dict.fromkeys(missing), results
        )
        try:
            async with asyncio.timeout_at(_loop_time(loop, deadline)):
                await self._enqueue(request, missing)
                await request.future
        except TimeoutError:
            raise self._too_late(request) from None
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
        """Prepare what is not in the queue yet, and queue all of it, piece by piece."""
        for first in range(0, len(missing), PIECE_ITEMS):
            piece = missing[first : first + PIECE_ITEMS]
            known = self._queue.known(piece)
            todo = [item for item in piece if item not in known]
            prepared: list[tuple[Item, Any, int]] = []
            while True:
                if todo:
                    prepared += await asyncio.to_thread(self._prepare, todo)
                if first == 0:  # the rest will be like the first piece
                    tokens = sum(cost for _, _, cost in prepared) * len(missing) / len(piece)
                    self._require_time(request.lane, request.deadline, len(missing), tokens)
                if not (todo := self._queue.add(request, piece, prepared)):
                    break
            if request.future.done():
                return

    def _prepare(self, items: Sequence[Item]) -> list[tuple[Item, Any, int]]:
        try:
            prepared = self._model.prepare(items)
            return [
                (item, thing, self._model.cost(thing)) for item, thing in zip(items, prepared, strict=True)
            ]
        except Exception as error:
            raise WorkerFailed(f"the {self.name} model could not prepare its input: {told(error)}") from error

    @property
    def _takes_work(self) -> bool:
        return self._started and not self._stopped and self._pipeline.alive

    def _require_threads(self) -> None:
        if not self._takes_work:
            state = "is shut down" if self._stopped else "is not started"
            reason = f"is dead ({self._pipeline.error})" if self._pipeline.error else state
            raise NotReady(f"the {self.name} worker {reason}", retry_after_s=5.0)

    def _require_time(
        self, lane: Lane, deadline: float | None, items: int, tokens: float | None = None
    ) -> None:
        """Refuse a request that can't be answered in time; see `submit`.

        Args:
            lane, deadline: of the request.
            items: its own.
            tokens: of those.  Before they are known, a request is refused only for what goes before it; how
                long its own work takes is then guessed from the mean item so far.
        """
        if deadline is None:
            return
        left = deadline - time.monotonic()
        wait = self.estimate_wait_s(lane)
        if left <= 0:
            raise DeadlinePassed(
                f"the deadline had passed before the {self.name} model could begin",
                retry_after_s=max(1.0, wait),
            )
        own = self._speed.seconds(items * self.stats.mean_tokens if tokens is None else tokens)
        if wait and wait + (0.0 if tokens is None else own) > left:
            raise Overloaded(
                f"the {self.name} model has {wait:.1f} s of work before this one's {own:.1f} s, "
                f"but only {left:.1f} s are left",
                retry_after_s=max(1.0, min(wait, wait + own - left)),
            )

    def _too_late(self, request: Request[Item, Result]) -> DeadlinePassed:
        count = len(request.missing)
        return DeadlinePassed(
            f"the deadline passed while {count} of {count + len(request.results)} items waited for the "
            f"{self.name} model",
            retry_after_s=max(1.0, self.estimate_wait_s(request.lane)),
        )


def _loop_time(loop: asyncio.AbstractEventLoop, deadline: float | None) -> float | None:
    """A monotonic deadline on the clock of an event loop."""
    return None if deadline is None else loop.time() + deadline - time.monotonic()
