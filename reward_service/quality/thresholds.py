"""Chooses verdict thresholds on honest and attacked answers.  Pure: evidence in, thresholds out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reward_service.types import Calibration

HONEST = ("self", "reordered", "reworded", "shortened", "paraphrase")
"""The reference itself; its sentences in random order; reworded or shortened by rule; a paraphrase by
hand."""
ATTACKS = ("negated", "reversal", "other", "shuffled", "hollow")
"""Every sentence negated by rule; a reversal by hand; another question's reference; the words of each
sentence shuffled; a hollow answer by hand."""
KINDS = HONEST + ATTACKS
BY_HAND = ("paraphrase", "reversal", "hollow")
"""The kinds that a person writes; the others are made by rule."""
CALLS = ("entailment", "neutral", "contradiction")

FALSE_FLAGS = 0.02
"""Share of whole reference answers that may be flagged as contradicting themselves."""

_CLAIM_GRID = tuple(round(0.30 + 0.05 * step, 2) for step in range(14))
_ENTAILED_SHARES = tuple(round(0.30 + 0.05 * step, 2) for step in range(9))
_CONTRADICTED_SHARES = tuple(round(0.30 + 0.05 * step, 2) for step in range(7))
"""From 0.3: of six to eight claims, one misread must not turn an honest answer into a contradiction."""
_NEAR = 0.003
_HONEST_WORTH = {"entailment": 1.0, "neutral": 0.3, "contradiction": -2.0}
_ATTACK_WORTH = {
    "negated": {"entailment": -2.0, "neutral": 0.4, "contradiction": 1.0},
    "reversal": {"entailment": -2.0, "neutral": 0.4, "contradiction": 1.0},
    "other": {"entailment": -1.0, "neutral": 1.0, "contradiction": 0.5},
    "shuffled": {"entailment": -1.0, "neutral": 1.0, "contradiction": 1.0},
    "hollow": {"entailment": -2.0, "neutral": 1.0, "contradiction": 0.0},
}
"""What a verdict on an answer of a kind is worth to the search."""


@dataclass(frozen=True)
class Evidence:
    """P(entailment) and P(contradiction) of all claims, shape (claims,), with each answer's first claim and
    kind."""

    entailment: NDArray[np.float64]
    contradiction: NDArray[np.float64]
    starts: NDArray[np.int64]
    kinds: tuple[str, ...]


def choose_thresholds(evidence: Evidence) -> Calibration:
    """The claim and answer thresholds worth most on ``evidence``; among near-equals those in their middle.

    Every kind of answer weighs the same, however many answers of it there are.
    """
    scored: list[tuple[float, tuple[float, float, float, float]]] = []
    sizes = np.diff([*evidence.starts, len(evidence.entailment)])
    worth = np.array(
        [[_ATTACK_WORTH.get(kind, _HONEST_WORTH)[call] for call in CALLS] for kind in evidence.kinds]
    )
    present = set(evidence.kinds)
    weights = np.array([1 / evidence.kinds.count(kind) for kind in evidence.kinds]) / len(present)
    for entailed, contradicted in itertools.product(_CLAIM_GRID, _CLAIM_GRID):
        against = (evidence.contradiction >= contradicted) & (evidence.contradiction >= evidence.entailment)
        support = ~against & (evidence.entailment >= entailed)
        against_share = np.add.reduceat(against, evidence.starts, dtype=np.float64) / sizes
        support_share = np.add.reduceat(support, evidence.starts, dtype=np.float64) / sizes
        for low, high in itertools.product(_ENTAILED_SHARES, _CONTRADICTED_SHARES):
            calls = np.where(against_share >= high, 2, np.where(support_share >= low, 0, 1))
            value = float((worth[np.arange(len(calls)), calls] * weights).sum())
            scored.append((value, (entailed, contradicted, low, high)))
    best = max(value for value, _ in scored)
    near = np.array([chosen for value, chosen in scored if value >= best - _NEAR])
    middle = near[np.abs(near - near.mean(axis=0)).sum(axis=1).argmin()]
    return Calibration(
        claim_entailed=float(middle[0]),
        claim_contradicted=float(middle[1]),
        answer_entailed=float(middle[2]),
        answer_contradicted=float(middle[3]),
    )


def choose_sentence_threshold(worst: Sequence[float], allowed: float = FALSE_FLAGS) -> float:
    """The P(contradiction) that at most ``allowed`` of answers reach; ``worst`` is the highest of each."""
    ordered = sorted(worst, reverse=True)
    flagged = int(allowed * len(ordered))
    return round(min(0.995, max(0.5, ordered[flagged] + 0.005)), 3)
