"""The resident models, each behind its queue: their start, their state and their end."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from reward_service.models.cores import calls_on
from reward_service.models.protocols import Model, ModelPack
from reward_service.models.scheduler import Scheduler
from reward_service.models.speed import SchedulerStats
from reward_service.types import Annotate, Document, Pair, Vector, Verdict

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

MIB = 2**20
NAMES = ("annotator", "embedder", "nli")


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How large the batches and caches of the resident models are."""

    max_batch_tokens: int = 8192
    """Padded tokens of one model call."""
    max_batch_items: int = 256
    """Items of one model call."""
    max_batch_s: float = 0.25
    """Seconds that one model call should take at most, by the tokens per second of the last ones."""
    min_batch_tokens: int = 512
    """Tokens that a call may have however slow the model is.  Each call reads all weights from memory: one
    pair a call, a model of BART-large's shape ran at two thirds of its pace on two CPU cores."""
    calls: int = 1
    """Calls of one model side by side, on a CPU; a GPU runs one.  See `models/cores.py`."""
    cache_bytes: int = 256 * MIB
    """What each model's cache of results may take, and that of finished scores."""


@dataclass(frozen=True, slots=True)
class Workers:
    """One queue for each model of a pack."""

    annotator: Scheduler[str | Annotate, Document]
    embedder: Scheduler[str, Vector]
    nli: Scheduler[Pair, Verdict]

    @classmethod
    def started(cls, pack: ModelPack, limits: EngineLimits) -> Self:
        """Running queues in front of the models of a pack."""
        return cls(
            _started("annotator", pack.annotator, replace(limits, calls=1)),  # its processes share a batch
            _started("embedder", pack.embedder, limits, live_apart=pack.embedder.spec.device == "cpu"),
            _started("nli", pack.nli, limits, live_apart=pack.nli.spec.device == "cpu"),
        )

    def close(self) -> None:
        """Stop the queues; whoever still waits gets `NotReady`.  Blocks while batches run."""
        for _, scheduler in self:
            scheduler.close()

    def states(self) -> dict[str, str]:
        """Worker → `ok`, or what is wrong with it."""
        return {name: "ok" if scheduler.alive else scheduler.error or "stopped" for name, scheduler in self}

    def waits(self) -> dict[str, float]:
        """Worker → seconds until work that arrives now would begin."""
        return {name: scheduler.estimate_wait_s() for name, scheduler in self}

    def stats(self) -> dict[str, SchedulerStats]:
        """Worker → what its batches were like since the start."""
        return {name: scheduler.stats for name, scheduler in self}

    def __iter__(self) -> Iterator[tuple[str, Scheduler[Any, Any]]]:
        yield from zip(NAMES, (self.annotator, self.embedder, self.nli), strict=True)


def _started(
    name: str, model: Model[Item, Result], limits: EngineLimits, *, live_apart: bool = False
) -> Scheduler[Item, Result]:
    scheduler = Scheduler(
        model,
        name=name,
        max_batch_tokens=limits.max_batch_tokens,
        max_batch_items=limits.max_batch_items,
        max_batch_s=limits.max_batch_s,
        min_batch_tokens=limits.min_batch_tokens,
        calls=calls_on(model.spec.device, limits.calls),
        live_apart=live_apart,
        cache_bytes=limits.cache_bytes,
    )
    scheduler.start()
    return scheduler
