"""The threads that take batches through a model: one collates, one or more compute, one finishes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

from reward_service.errors import WorkerFailed
from reward_service.models.cores import yield_the_cpu
from reward_service.models.handover import Handover
from reward_service.models.protocols import Model
from reward_service.models.queue import WorkQueue
from reward_service.models.speed import SchedulerStats, Speed
from reward_service.models.work import URGENCY, Batch
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Pipeline(Generic[Item, Result]):
    """Runs what is in a queue until the queue is closed.

    While batches are in `forward`, the next ones (one of each lane) are collated and the last one is
    finished, so that the model never waits for Python.  A batch on which any step raises is split in halves,
    which run again, until the culprit is alone: only its waiters fail.  What ends a thread (`SystemExit`,
    a fault in this code) closes the queue, and everybody who waits is told.

    Args:
        model: `collate` and `finish` are called by one thread each, `forward` by as many as there are calls.
        queue: where batches come from and results go.
        speed: learns from each batch, and says how large the next may be.
        name: for messages and the threads' names.
        max_batch_items: items of one batch.
        calls: batches in `forward` side by side.
        live_apart: as many threads more for the live lane; those of the other lanes yield the CPU to them.
    """

    def __init__(
        self,
        model: Model[Item, Result],
        queue: WorkQueue[Item, Result],
        speed: Speed,
        *,
        name: str,
        max_batch_items: int,
        calls: int = 1,
        live_apart: bool = False,
    ) -> None:
        self._model = model
        self._queue = queue
        self._speed = speed
        self._name = name
        self._max_items = max_batch_items
        self._computed: Handover[Batch[Item, Result]] = Handover()
        self._threads = [
            threading.Thread(target=self._guarded, args=(loop,), name=f"{step}-{name}", daemon=True)
            for step, loop in (
                ("collate", self._collate),
                *[("live", self._forward_live)] * (calls if live_apart else 0),
                *[("model", self._forward_rest if live_apart else self._forward)] * calls,
                ("finish", self._finish),
            )
        ]
        self.error: str | None = None
        """What ended a thread, if something did."""
        self.stats = SchedulerStats()

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """All threads run."""
        return self.error is None and all(thread.is_alive() for thread in self._threads)

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads to end, once the queue is closed; says whether they have."""
        end = time.monotonic() + timeout_s
        running = [
            thread for thread in self._threads if thread.ident and thread is not threading.current_thread()
        ]
        for thread in running:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in running)

    # --- the threads ---

    def _guarded(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:
            self.error = told(error)
            logger.critical("the %s worker died: %s", self._name, self.error, exc_info=error)
            self._queue.close(f"the {self._name} worker is dead ({self.error})")
        finally:
            self._computed.close()

    def _collate(self) -> None:
        while batch := self._queue.take(max_tokens=self._speed.batch_tokens_of, max_items=self._max_items):
            start = time.monotonic()
            try:
                batch.inputs = self._model.collate([work.prepared for work in batch.works])
            except Exception as error:
                self._split(batch, error)
            else:
                batch.slowest_s = time.monotonic() - start
                self._queue.ready(batch)

    def _forward_live(self) -> None:
        self._forward((Lane.LIVE,))

    def _forward_rest(self) -> None:
        yield_the_cpu()
        self._forward(tuple(lane for lane in URGENCY if lane is not Lane.LIVE))

    def _forward(self, lanes: Collection[Lane] = URGENCY) -> None:
        while batch := self._queue.next(lanes):
            start = time.monotonic()
            try:
                batch.outputs = self._model.forward(batch.inputs)
            except Exception as error:
                self._split(batch, error)
                continue
            batch.inputs = None  # on a GPU, memory that the next batch can use
            batch.forward_s = time.monotonic() - start
            batch.slowest_s = max(batch.slowest_s, batch.forward_s)
            self._computed.give(batch)

    def _finish(self) -> None:
        while batch := self._computed.take():
            start = time.monotonic()
            try:
                results = self._model.finish(batch.outputs)
                if len(results) != len(batch.works):
                    raise RuntimeError(f"{len(results)} results for {len(batch.works)} items")
                sizes = [self._model.bytes_of(result) for result in results]
            except Exception as error:
                self._split(batch, error)
                continue
            batch.outputs = None
            batch.slowest_s = max(batch.slowest_s, time.monotonic() - start)
            self._count(batch)
            self._queue.finish(batch, results, sizes)

    def _split(self, batch: Batch[Item, Result], error: Exception) -> None:
        batch.inputs = batch.outputs = None
        count = len(batch.works)
        logger.error("the %s model failed on a batch of %d", self._name, count, exc_info=error)
        reason = f"the {self._name} model failed: {told(error)}"
        self._queue.split(batch, lambda: WorkerFailed(reason))

    def _count(self, batch: Batch[Item, Result]) -> None:
        self._speed.measured(batch.tokens, batch.slowest_s)
        self.stats = self.stats.plus(
            items=len(batch.works),
            tokens=batch.tokens,
            padded_tokens=batch.padded_tokens,
            forward_s=batch.forward_s,
        )


def told(error: BaseException) -> str:
    """An exception as one line."""
    return f"{type(error).__name__}: {error}"
