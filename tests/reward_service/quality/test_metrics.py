"""Metrics on numbers whose result is known."""

from __future__ import annotations

import numpy as np
import pytest

from reward_service.quality.labelled import LABEL_IDS, LabelledPair
from reward_service.quality.metrics import calibration_error, fit_temperature, report

CERTAIN = np.eye(3)


def pairs(*labels: str, origins: str = "") -> list[LabelledPair]:
    marks = origins or " " * len(labels)
    return [
        LabelledPair("p", "h", LABEL_IDS[label], mark.strip())
        for label, mark in zip(labels, marks, strict=True)
    ]


def test_accuracy_confusion_and_phenomena() -> None:
    found = report(
        CERTAIN[[0, 1, 1, 2]],
        pairs("entailment", "entailment", "neutral", "contradiction", origins="aabb"),
    )
    assert (found.n, found.accuracy) == (4, 0.75)
    assert found.confusion == {
        "entailment": {"entailment": 1, "neutral": 1, "contradiction": 0},
        "neutral": {"entailment": 0, "neutral": 1, "contradiction": 0},
        "contradiction": {"entailment": 0, "neutral": 0, "contradiction": 1},
    }
    assert found.by_phenomenon == {"a": {"n": 2, "accuracy": 0.5}, "b": {"n": 2, "accuracy": 1.0}}
    assert found.ece == pytest.approx(0.25)


def test_two_way_labels_count_neutral_and_contradiction_as_one() -> None:
    found = report(
        CERTAIN[[1, 2, 0, 0]], pairs("not_entailment", "not_entailment", "not_entailment", "entailment")
    )
    assert found.accuracy == 0.75
    assert found.confusion == {
        "entailment": {"entailment": 1, "neutral": 0, "contradiction": 0},
        "not_entailment": {"entailment": 1, "neutral": 1, "contradiction": 1},
    }
    assert found.by_phenomenon == {}


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = np.tile([0.85, 0.1, 0.05], (100, 1))
    labels = np.array([0] * 85 + [1] * 15)
    assert calibration_error(sure, labels) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(sure, np.ones(100, dtype=int)) == pytest.approx(0.85)


def test_the_confidence_in_a_two_way_label_is_the_sum_of_both() -> None:
    half = np.array([[0.1, 0.5, 0.4]])
    assert calibration_error(half, np.array([3])) == pytest.approx(0.1)


def test_the_temperature_of_overconfident_verdicts_rises_and_that_of_calibrated_ones_stays() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 3)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = [int(rng.choice(3, p=row)) for row in shares]
    made = [LabelledPair("p", "h", label) for label in labels]
    assert fit_temperature(shares, made) == pytest.approx(1.0, abs=0.1)
    sharp = shares**2 / (shares**2).sum(axis=1, keepdims=True)
    assert fit_temperature(sharp, made) == pytest.approx(2.0, abs=0.2)
