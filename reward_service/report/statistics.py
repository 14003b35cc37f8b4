"""Intervals of means, a test of paired differences and rank correlation.  Pure.

The unit is the question: what a model answers to one question several times is averaged first, since it says
more about that question than about the model.  So a resample draws questions, and all answers to one go with
it (a cluster bootstrap).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
FEWEST = 5
"""Questions under which there is neither an interval nor a p-value."""
DRAWS = 10_000
FEWEST_DRAWS = 2_000
EXACT = 14
"""Up to so many differences every pattern of signs is looked at."""
EQUAL = 1e-9
"""Scores no further apart are a tie: rounding, not a difference."""
_CELLS = 2_000_000
"""Drawn numbers that are held at once."""
_BUDGET = 40_000_000
"""Drawn numbers of one interval or test; above it there are fewer draws, down to `FEWEST_DRAWS`."""


class Interval(NamedTuple):
    """The ends of a confidence interval."""

    low: float
    high: float


class SignFlip(NamedTuple):
    """The outcome of a sign-flip test."""

    p: float
    """0 < p ≤ 1, two-sided."""
    patterns: int
    """Patterns of signs that were looked at."""
    exact: bool
    """Whether these are all there are."""


def draws(size: int) -> int:
    """How often a sample of a size is drawn anew."""
    return max(FEWEST_DRAWS, min(DRAWS, _BUDGET // max(size, 1)))


def bootstrap(values: Floats, seed: int) -> Interval | None:
    """The 95 % interval of a mean, by a seeded bootstrap.

    Percentiles of the resampled means, taken far enough out that their distance fits Student's t and the
    unbiased deviation: plain percentiles are too narrow for few values.  Source: T. Hesterberg, "What
    teachers should know about the bootstrap", The American Statistician 69 (2015), on expanded percentiles.

    Args:
        values: one independent figure for each question, shape (questions,).
        seed: of the draws; the same values give the same interval.

    Returns:
        None under `FEWEST` values: too few for any interval to be worth its name.
    """
    size = len(values)
    if size < FEWEST:
        return None
    from scipy.stats import norm, t

    generator = np.random.default_rng(seed)
    total, at_once = draws(size), max(1, _CELLS // size)
    means = np.concatenate(
        [
            values[generator.integers(size, size=(min(at_once, total - done), size))].mean(axis=1)
            for done in range(0, total, at_once)
        ]
    )
    reach = float(t.ppf((1 + CONFIDENCE) / 2, size - 1)) * (size / (size - 1)) ** 0.5
    tail = float(norm.cdf(-reach))
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def sign_flip(differences: Floats, seed: int) -> SignFlip | None:
    """Whether the mean of paired differences is farther from nothing than chance would have it.

    Where two models are alike, each difference could as well have had the other sign.  p is the share of
    patterns of signs whose mean lies as far from 0 as the one that was found, or farther, on either side.
    All patterns up to `EXACT` differences other than 0; beyond, patterns drawn by chance, with the one that
    was found among them, so that p is never 0.  Source: B. Phipson and G. Smyth, "Permutation p-values should
    never be zero", Statistical Applications in Genetics and Molecular Biology 9 (2010).

    Args:
        differences: one for each question, shape (questions,).
        seed: of the draws.

    Returns:
        None under `FEWEST` differences.
    """
    if len(differences) < FEWEST:
        return None
    moved = differences[np.abs(differences) > EQUAL]
    size = len(moved)
    found = abs(float(moved.sum()))
    least = found - EQUAL * max(1.0, float(np.abs(moved).sum()))
    if size <= EXACT:
        patterns = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
        return SignFlip(float((_sums(patterns, moved) >= least).mean()), 2**size, True)
    generator = np.random.default_rng(seed)
    total, at_once = draws(size), max(1, _CELLS // size)
    as_far = sum(
        int((_sums(_bits(generator, min(at_once, total - done), size), moved) >= least).sum())
        for done in range(0, total, at_once)
    )
    return SignFlip((as_far + 1) / (total + 1), total, False)


def rank_correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation, −1 … 1; None under three values, or where all on one side are the same."""
    if len(one) < 3 or np.ptp(one) <= EQUAL or np.ptp(other) <= EQUAL:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(one, other).statistic)


def _bits(generator: np.random.Generator, rows: int, columns: int) -> NDArray[Any]:
    """Fair coins, shape (rows, columns)."""
    drawn = np.frombuffer(generator.bytes(rows * -(-columns // 8)), dtype=np.uint8)
    return np.unpackbits(drawn.reshape(rows, -1), axis=1)[:, :columns]


def _sums(patterns: NDArray[Any], values: Floats) -> Floats:
    """How far from 0 the sum of the values is under each pattern of signs (1 keeps a sign, 0 turns it)."""
    sums: Floats = np.abs(2 * (patterns.astype(np.float64) @ values) - values.sum())
    return sums
