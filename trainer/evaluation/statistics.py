"""Means, differences and win rates, each with an interval.  Pure.

Everything is counted by question: the answers of a policy to one question are averaged first, since they say
more about that question than about the policy.  So the bootstrap draws questions, and all answers to one go
with it (a cluster bootstrap: Field & Welsh, "Bootstrapping clustered data", JRSS B 2007).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.tracking.record import SAME

CONFIDENCE = 0.95
Z = 1.959963984540054
"""The normal quantile of the confidence."""
FEWEST = 2
"""Questions under which no interval can be given."""
_CELLS = 4_000_000
"""Drawn numbers that are held at once."""

Scores = Mapping[str, Sequence[float | None]]
"""Question → the scores of its answers; None for one that could not be scored."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions with its 95 % interval; None for what can't be said."""

    mean: float | None
    low: float | None
    high: float | None
    questions: int
    """It is taken over."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policy A against policy B on the questions that both have a score for."""

    difference: Estimate
    """A − B."""
    wins: int
    ties: int
    losses: int
    win_rate: float | None
    """Share of the questions that A wins, a tie counted half; None where there is no common question."""
    win_low: float | None
    win_high: float | None


def by_question(scores: Scores) -> dict[str, float]:
    """The mean of each question over its answers that could be scored; questions without one are left out."""
    known = {key: [each for each in values if each is not None] for key, values in scores.items()}
    return {key: math.fsum(values) / len(values) for key, values in known.items() if values}


def estimate(means: Sequence[float], *, resamples: int, seed: int) -> Estimate:
    """The mean of question means, with the percentile interval of a seeded bootstrap over questions.

    Under about 20 questions percentile intervals are too narrow; the report says so.

    Args:
        means: one for each question, shape (questions,).
        resamples: how often questions are drawn with replacement.
        seed: of the draws: the same means give the same interval.
    """
    if not means:
        return Estimate(None, None, None, 0)
    values = np.asarray(means, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < FEWEST:
        return Estimate(mean, None, None, len(values))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(_resampled(values, resamples, seed), [tail, 100 - tail])
    return Estimate(mean, float(low), float(high), len(values))


def compare(ours: Scores, theirs: Scores, *, resamples: int, seed: int) -> Comparison:
    """Compare two policies question by question.

    The difference is paired, so that hard questions, which are hard for both, don't blur it.  Question means
    that lie no further apart than rounding are a tie.
    """
    a, b = by_question(ours), by_question(theirs)
    differences = [a[key] - b[key] for key in a if key in b]
    wins = sum(each > SAME for each in differences)
    losses = sum(each < -SAME for each in differences)
    ties = len(differences) - wins - losses
    difference = estimate(differences, resamples=resamples, seed=seed)
    rate = (wins + ties / 2) / len(differences) if differences else None
    low, high = (None, None) if rate is None else wilson(rate, len(differences))
    return Comparison(difference, wins, ties, losses, rate, low, high)


def wilson(share: float, n: int) -> tuple[float, float]:
    """The Wilson score interval of a share, 0 … 1 (Wilson, JASA 1927).

    Unlike the bootstrap it has a width where every question is won.  Ties, which count half, vary less than
    the wins and losses it is made for, so with many ties it is wider than need be.

    Raises:
        ValueError: n is not positive.
    """
    if n <= 0:
        raise ValueError(f"n must be positive, got {n}")
    square = Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def _resampled(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """The mean of each resample, shape (resamples,)."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _CELLS // len(values))
    means = [
        values[generator.integers(len(values), size=(min(at_once, resamples - start), len(values)))].mean(
            axis=1
        )
        for start in range(0, resamples, at_once)
    ]
    return np.concatenate(means)
