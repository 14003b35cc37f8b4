"""What each step gave: statistics of every reward and part, TRL's own metrics, and where they are written."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from trainer.rewards import BatchScores

SAME = 1e-6
"""Scores of a group that lie closer together are equal: rounding, not a difference of completions."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the scores of one reward lie in one step.  What can't be said is None, never 0."""

    mean: float | None
    std: float | None
    """Sample standard deviation (n − 1), as TRL logs it; None under two scores."""
    low: float | None
    high: float | None
    zero_spread: float | None
    """Share of groups whose scores are all equal, so that they teach nothing; None where no group has two."""
    scored: int
    unscorable: int


def spread(values: Sequence[float | None], group_size: int) -> Spread:
    """Statistics of scores in the order of the batch, where `group_size` neighbours share a prompt.

    Raises:
        ValueError: the values are no whole number of groups.
    """
    if len(values) % group_size:
        raise ValueError(f"{len(values)} scores are no whole number of groups of {group_size}")
    groups = [
        [value for value in values[start : start + group_size] if value is not None]
        for start in range(0, len(values), group_size)
    ]
    known = [value for group in groups for value in group]
    telling = [max(group) - min(group) <= SAME for group in groups if len(group) > 1]
    return Spread(
        mean=statistics.fmean(known) if known else None,
        std=statistics.stdev(known) if len(known) > 1 else None,
        low=min(known, default=None),
        high=max(known, default=None),
        zero_spread=sum(telling) / len(telling) if telling else None,
        scored=len(known),
        unscorable=len(values) - len(known),
    )


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step: a line of `metrics.jsonl`."""

    step: int
    seconds: float
    """From the end of the step before."""
    reward_seconds: float
    """How much of it the reward server took, waits included."""
    requests: int
    """How many batches were scored; 0 where a step used completions of an earlier one again."""
    fingerprints: tuple[str, ...]
    rewards: Mapping[str, Spread]
    parts: Mapping[str, Spread]
    """The parts of the combined rewards, by name."""
    trainer: Mapping[str, float]
    """TRL's metrics: reward, loss, kl, completions/mean_length, …"""

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Back from a line of JSON."""
        values = json.loads(line)
        for kind in ("rewards", "parts"):
            values[kind] = {name: Spread(**spread_) for name, spread_ in values[kind].items()}
        values["fingerprints"] = tuple(values["fingerprints"])
        return cls(**values)


Sink = Callable[[StepRecord], None]


@dataclass(slots=True)
class Tracker:
    """Collects the batches of a step and hands its record to every sink."""

    group_size: int
    sinks: Sequence[Sink]
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
        asked = dict.fromkeys(name for batch in batches for name in batch.names)
        layers = dict.fromkeys(name for batch in batches for name in batch.layers if name not in asked)
        record = StepRecord(
            step=step,
            seconds=now - self._since,
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
        )
        self._since = now
        for sink in self.sinks:
            sink(record)
        return record


def _own_metrics(logs: Mapping[str, Any]) -> dict[str, float]:
    """What TRL says beyond the rewards and parts, which stand in the record anyway."""
    return {
        key: float(value)
        for key, value in logs.items()
        if isinstance(value, int | float)
        and math.isfinite(value)
        and not key.startswith(("rewards/", "parts/"))
    }


def jsonl_sink(path: Path) -> Sink:
    """Appends every record to a file, and flushes it: a kill loses at most the running step."""

    def write(record: StepRecord) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(record.line() + "\n")

    return write


def read_records(path: Path) -> list[StepRecord]:
    """All steps of a run so far, in order; none where no step was done."""
    if not path.exists():
        return []
    return [StepRecord.from_line(line) for line in path.read_text(encoding="utf-8").splitlines()]
