"""Puts the batches of a step together and hands its record, and samples of it, to whoever keeps them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trainer.tracking.record import StepRecord, spread
from trainer.tracking.samples import Sample, samples_of

if TYPE_CHECKING:
    from trainer.rewards import BatchScores


class Sink(Protocol):
    """Somewhere that a run is kept or shown."""

    def step(self, record: StepRecord) -> None:
        """A step is done."""

    def samples(self, samples: Sequence[Sample]) -> None:
        """The completions of a step that is shown whole; told before its `step`."""


@dataclass(slots=True)
class Tracker:
    """Collects the batches of a step and hands its record to every sink."""

    group_size: int
    weights: Mapping[str, float]
    """Reward → weight in the total."""
    sinks: Sequence[Sink]
    samples_every: int = 0
    """Steps from one table of samples to the next; the first step has one.  0: none."""
    _batches: list[BatchScores] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """The first step begins now."""
        self._since = time.monotonic()

    def add(self, batch: BatchScores) -> None:
        """A batch of the running step was scored."""
        self._batches.append(batch)

    def finish(self, step: int, logs: Mapping[str, Any]) -> StepRecord:
        """The step is done: `logs` is what TRL says of it."""
        now = time.monotonic()
        batches, self._batches = self._batches, []
        record = self._record(step, now - self._since, batches, logs)
        self._since = now
        if is_shown(step, self.samples_every):
            samples = [sample for batch in batches for sample in samples_of(batch, step)]
            for sink in self.sinks:
                sink.samples(samples)
        for sink in self.sinks:
            sink.step(record)
        return record

    def _record(
        self, step: int, seconds: float, batches: Sequence[BatchScores], logs: Mapping[str, Any]
    ) -> StepRecord:
        asked = dict.fromkeys(name for batch in batches for name in batch.names)
        layers = dict.fromkeys(name for batch in batches for name in batch.layers if name not in asked)
        totals = [total for batch in batches for total in weighted_totals(batch, self.weights)]
        return StepRecord(
            step=step,
            seconds=seconds,
            reward_seconds=sum(batch.elapsed_s for batch in batches),
            requests=len(batches),
            fingerprints=tuple(dict.fromkeys(batch.fingerprint for batch in batches)),
            rewards={
                name: spread([value for batch in batches for value in batch.rewards[name]], self.group_size)
                for name in asked
            },
            parts={
                name: spread(
                    [value for batch in batches for value in batch.layers.get(name, ())], self.group_size
                )
                for name in layers
            },
            trainer=_own_metrics(logs),
            totals=tuple(totals),
            tokens=tuple(length for batch in batches for length in batch.tokens or ()),
            total=spread(totals, self.group_size) if totals else None,
        )


def is_shown(step: int, every: int) -> bool:
    """Whether the samples of a step (counted from 1) are kept."""
    return every > 0 and (step - 1) % every == 0


def weighted_totals(batch: BatchScores, weights: Mapping[str, float]) -> list[float | None]:
    """Each completion's weighted sum.  As in training a reward that misses one completion counts for none."""
    counted = [name for name in batch.names if None not in batch.rewards[name]]
    if not counted:
        return [None] * len(batch.prompts)
    return [
        sum(weights[name] * (batch.rewards[name][at] or 0.0) for name in counted)
        for at in range(len(batch.prompts))
    ]


def _own_metrics(logs: Mapping[str, Any]) -> dict[str, float]:
    """What TRL says beyond the rewards and parts, which stand in the record anyway."""
    return {
        key: float(value)
        for key, value in logs.items()
        if isinstance(value, int | float)
        and math.isfinite(value)
        and not key.startswith(("rewards/", "parts/"))
    }
