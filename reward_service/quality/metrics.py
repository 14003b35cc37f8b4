"""What verdicts on labelled pairs are worth: accuracy, confusion, calibration error, accuracy by
phenomenon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reward_service.quality.labelled import LABEL_IDS, LABELS, NOT_ENTAILMENT, LabelledPair

Probabilities = NDArray[np.float64]
"""Shape (n, 3), in the order of ``LABELS``; rows sum to 1."""

BINS = 10
_TWO_WAY = LABEL_IDS[NOT_ENTAILMENT]


@dataclass(frozen=True, slots=True)
class Report:
    """How verdicts agree with labels."""

    n: int
    accuracy: float
    confusion: dict[str, dict[str, int]]
    """True label → predicted label → pairs; labels that don't occur are left out."""
    ece: float
    """Expected calibration error, 0 … 1."""
    by_phenomenon: dict[str, dict[str, float | int]]
    """Phenomenon → ``n`` and ``accuracy``; empty where the pairs name none."""

    def as_json(self) -> dict[str, Any]:
        """Plain values, rounded to four digits."""
        rounded = {
            name: {"n": found["n"], "accuracy": round(found["accuracy"], 4)}
            for name, found in self.by_phenomenon.items()
        }
        return {
            "n": self.n,
            "accuracy": round(self.accuracy, 4),
            "confusion": self.confusion,
            "ece": round(self.ece, 4),
            "by_phenomenon": rounded,
        }


def report(probabilities: Probabilities, pairs: Sequence[LabelledPair]) -> Report:
    """Compare verdicts, shape (n, 3), with the labels of n pairs (at least one).

    The verdict is the likeliest class. Where a label is ``not_entailment``, neutral and contradiction count
    as one.
    """
    labels = np.array([pair.label for pair in pairs])
    found = probabilities.argmax(axis=1)
    right = correct(found, labels)
    confusion: dict[str, dict[str, int]] = {}
    for name, number in LABEL_IDS.items():
        if (rows := labels == number).any():
            counts = np.bincount(found[rows], minlength=len(LABELS))
            confusion[name] = {guess: int(count) for guess, count in zip(LABELS, counts, strict=True)}
    phenomena: dict[str, dict[str, float | int]] = {}
    for name in sorted({pair.origin for pair in pairs if pair.origin}):
        rows = np.array([pair.origin == name for pair in pairs])
        phenomena[name] = {"n": int(rows.sum()), "accuracy": float(right[rows].mean())}
    error = calibration_error(probabilities, labels)
    return Report(len(pairs), float(right.mean()), confusion, error, phenomena)


def correct(found: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each predicted class (0 … 2) is right for its label (0 … 3, two-way labels included)."""
    right: NDArray[np.bool_] = np.where(labels == _TWO_WAY, found != 0, found == labels)
    return right


def calibration_error(probabilities: Probabilities, labels: NDArray[np.int64]) -> float:
    """Expected calibration error, ten equal bins of confidence (Guo et al. 2017).

    For a two-way label the confidence in ``not_entailment`` is P(neutral) + P(contradiction).
    """
    found = probabilities.argmax(axis=1)
    merged = np.where(found == 0, probabilities[:, 0], 1.0 - probabilities[:, 0])
    confidence = np.where(labels == _TWO_WAY, merged, probabilities.max(axis=1))
    right = correct(found, labels)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for index in np.unique(bins):
        inside = bins == index
        error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def fit_temperature(probabilities: Probabilities, pairs: Sequence[LabelledPair]) -> float:
    """The factor in 0.5 … 4 by which a temperature must grow for the least cross-entropy on labelled pairs.

    ``probabilities`` were computed at some temperature; times the factor it is the fitted one (Guo et al.
    2017).
    """
    logits = np.log(np.clip(probabilities, 1e-12, 1.0))
    labels = np.array([pair.label for pair in pairs])
    factors = np.linspace(0.5, 4.0, 351)
    losses = [_cross_entropy(logits / factor, labels) for factor in factors]
    return round(float(factors[int(np.argmin(losses))]), 2)


def _cross_entropy(logits: Probabilities, labels: NDArray[np.int64]) -> float:
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    rest = np.logaddexp(scores[:, 1], scores[:, 2])
    table = np.column_stack([scores, rest])
    return float(-table[np.arange(len(labels)), labels].mean())
