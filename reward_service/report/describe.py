"""The figures of one file under one reward.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reward_service.report.scores import NO_REASON, ScoreFile
from reward_service.report.statistics import (
    EQUAL,
    FEWEST,
    Floats,
    bootstrap,
    rank_correlation,
)

BINS = 30
POINTS = 600
"""At most so many answers are drawn as dots; figures are taken over all."""


def by_question(groups: Sequence[str], values: Floats) -> dict[str, float]:
    """The mean of each group over its values that aren't NaN, in order; groups without one are left out."""
    collected: dict[str, list[float]] = {}
    for group, value in zip(groups, values.tolist(), strict=True):
        if value == value:
            collected.setdefault(group, []).append(value)
    return {group: float(np.mean(each)) for group, each in collected.items()}


def mean_of(values: Floats, seed: int) -> dict[str, Any]:
    """A mean over questions with its interval, or with why there is none."""
    if len(values) == 0:
        return {"mean": None, "interval": None, "no_interval": "nothing to take a mean of"}
    interval = bootstrap(values, seed)
    why = None if interval else f"{len(values)} question{'s' * (len(values) != 1)}, {FEWEST} are needed"
    return {
        "mean": rounded(float(values.mean())),
        "interval": [rounded(end) for end in interval] if interval else None,
        "no_interval": why,
    }


def describe(file: ScoreFile, reward: str, edges: Floats | None, seed: int) -> dict[str, Any]:
    """How a reward scores a file.

    Args:
        file: the scores.
        reward: one of its rewards.
        edges: of the histogram's bins, shape (bins + 1,); None where no file has a score.
        seed: of the bootstrap.

    Returns:
        `mean` and `interval` over questions; the other figures over answers.  What is null counts for
        `unscored` and `reasons`, and for nothing else.
    """
    values = file.scores[reward]
    scored = values[~np.isnan(values)]
    questions = by_question(file.groups, values)
    figures = {
        "scored": len(scored),
        "unscored": len(values) - len(scored),
        "reasons": _reasons(file, reward),
        "questions": len(questions),
        **mean_of(np.array(list(questions.values())), seed),
        **_spread(scored),
        "counts": None if edges is None else histogram(scored, edges),
        "length": _length(file.words, values),
    }
    return figures


def edges_of(all_scores: Sequence[Floats]) -> Floats | None:
    """Even bins from the least to the greatest score of all files; None without any score."""
    joined = np.concatenate(all_scores) if all_scores else np.array([])
    known = joined[~np.isnan(joined)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    return np.array([low, high]) if high - low <= EQUAL else np.linspace(low, high, BINS + 1)


def histogram(values: Floats, edges: Floats) -> list[int]:
    """How many values fall into each bin; all of them where there is one bin without length."""
    if len(edges) == 2:
        return [len(values)]
    return [int(count) for count in np.histogram(values, edges)[0]]


def rounded(value: float | None) -> float | None:
    """To four digits behind the point, as every figure of a report."""
    return None if value is None else round(float(value), 4)


def _spread(scored: Floats) -> dict[str, float | None]:
    if not len(scored):
        return dict.fromkeys(("std", "min", "q1", "median", "q3", "max"))
    low, q1, middle, q3, high = np.quantile(scored, [0, 0.25, 0.5, 0.75, 1])
    found = {"std": scored.std(), "min": low, "q1": q1, "median": middle, "q3": q3, "max": high}
    return {name: rounded(value) for name, value in found.items()}


def _reasons(file: ScoreFile, reward: str) -> Mapping[str, int]:
    null = np.isnan(file.scores[reward])
    said = [why or NO_REASON for why, is_null in zip(file.reasons[reward], null, strict=True) if is_null]
    return dict(Counter(said).most_common())


def _length(words: Floats, scores: Floats) -> dict[str, Any]:
    """How the score goes with the answer's length: is it padding that pays?"""
    both = ~np.isnan(words) & ~np.isnan(scores)
    lengths, values = words[both], scores[both]
    step = max(1, -(-len(values) // POINTS))
    return {
        "answers": len(values),
        "words": rounded(float(lengths.mean())) if len(lengths) else None,
        "rank_correlation": rounded(rank_correlation(lengths, values)),
        "points": [
            [int(length), round(value, 4)]
            for length, value in zip(lengths[::step].tolist(), values[::step].tolist(), strict=True)
        ],
    }
