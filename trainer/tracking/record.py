"""What one step gave, a line of `metrics.jsonl`: statistics of every reward and part, TRL's own metrics."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

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
    totals: tuple[float | None, ...] = ()
    """Each completion's weighted sum of rewards, groups one after another; None where no reward counted."""
    tokens: tuple[int, ...] = ()
    """Each completion's length; empty where TRL did not say it."""
    total: Spread | None = None
    """Of `totals`: what the policy was really taught by; None where nothing was scored."""

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Back from a line of JSON."""
        values = json.loads(line)
        for kind in ("rewards", "parts"):
            values[kind] = {name: Spread(**spread_) for name, spread_ in values[kind].items()}
        for several in ("fingerprints", "totals", "tokens"):
            values[several] = tuple(values[several])
        values["total"] = values["total"] and Spread(**values["total"])
        return cls(**values)


def read_records(path: Path) -> list[StepRecord]:
    """All steps of a run so far, in order; none where no step was done."""
    if not path.exists():
        return []
    return [StepRecord.from_line(line) for line in path.read_text(encoding="utf-8").splitlines()]
