"""What a run's samples say of its steps."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from trainer.tracking.record import StepRecord
from trainer.tracking.samples import Sample

STRUCTURE, DEPTH = "structural_coherence_reward", "interconnection_depth_reward"
NO_COMPLETE_SENTENCE = -1.0
"""Structure's score for an answer without one sentence in an order of words that prose has."""
HOLLOW = -1.5
"""Depth's score at which full_coherence_reward's gate takes an answer for hollow."""


@dataclass(frozen=True, slots=True)
class Step:
    """Means over the completions of one step; shares from 0 to 1.  None: not known."""

    step: int
    rewards: Mapping[str, float | None]
    word_soup: float | None
    hollow: float | None
    tokens: float | None
    zero_spread: float | None


def steps_of(records: Sequence[StepRecord], samples: Iterable[Sample]) -> list[Step]:
    """Put a run's records and samples together, step by step."""
    by_step: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_step[sample.step].append(sample)
    return [
        Step(
            step=record.step,
            rewards={name: spread.mean for name, spread in record.rewards.items()},
            word_soup=_share(by_step[record.step], STRUCTURE, lambda score: score <= NO_COMPLETE_SENTENCE),
            hollow=_share(by_step[record.step], DEPTH, lambda score: score <= HOLLOW),
            tokens=statistics.fmean(record.tokens) if record.tokens else None,
            zero_spread=None if record.total is None else record.total.zero_spread,
        )
        for record in records
    ]


def _share(samples: Sequence[Sample], part: str, holds: Callable[[float], bool]) -> float | None:
    """Of the samples in which the part has a score; a part may stand under a path (`full/robust/part`)."""
    scores = [
        score
        for sample in samples
        for name, score in sample.scores.items()
        if name.rpartition("/")[2] == part and score is not None
    ]
    return sum(map(holds, scores)) / len(scores) if scores else None
