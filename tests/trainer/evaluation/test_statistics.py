"""Means, intervals, differences and win rates against answers that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.evaluation.statistics import by_question, compare, estimate, wilson

OPTIONS = {"resamples": 2000, "seed": 5}


def scores(*values: float | None) -> dict[str, list[float | None]]:
    """One answer to each question."""
    return {f"q{place}": [value] for place, value in enumerate(values)}


def test_a_question_counts_once_however_many_answers_it_has() -> None:
    means = by_question({"a": [0.0, 0.0, 0.0, 0.0], "b": [1.0], "c": [None, 3.0], "d": [None]})
    assert means == {"a": 0.0, "b": 1.0, "c": 3.0}


def test_the_mean_and_its_interval() -> None:
    values = [float(value) for value in range(100)]
    found = estimate(values, resamples=10_000, seed=1)
    assert found.mean == pytest.approx(49.5)
    assert found.questions == 100
    error = 1.96 * float(np.std(values)) / math.sqrt(100)  # what the interval comes to for so many values
    assert found.low == pytest.approx(49.5 - error, abs=0.4)
    assert found.high == pytest.approx(49.5 + error, abs=0.4)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [0.0, 1.0, 5.0, 2.0, 2.5, 9.0]
    assert estimate(values, **OPTIONS) == estimate(values, **OPTIONS)
    assert estimate(values, **OPTIONS) != estimate(values, resamples=2000, seed=6)


def test_many_questions_are_drawn_in_portions_without_losing_one() -> None:
    values = list(np.random.default_rng(0).normal(size=30_000))
    found = estimate(values, resamples=300, seed=2)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 / math.sqrt(30_000), rel=0.15)


def test_without_questions_nothing_is_said_and_one_has_no_interval() -> None:
    nothing, one = estimate([], **OPTIONS), estimate([2.0], **OPTIONS)
    assert (nothing.mean, nothing.low, nothing.questions) == (None, None, 0)
    assert (one.mean, one.low, one.high, one.questions) == (2.0, None, None, 1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """400 samples of 60 questions with three answers each, which vary together within a question."""
    generator = np.random.default_rng(11)
    covered = 0
    for seed in range(400):
        of_questions = generator.normal(1.0, 1.0, size=(60, 1))
        answers = of_questions + generator.normal(0.0, 0.5, size=(60, 3))
        means = by_question({str(place): list(row) for place, row in enumerate(answers)})
        found = estimate(list(means.values()), resamples=600, seed=seed)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1.0 <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_identical_policies_differ_by_nothing() -> None:
    ours = scores(1.0, -2.0, 3.5, 0.25)
    found = compare(ours, ours, **OPTIONS)
    assert (found.difference.mean, found.difference.low, found.difference.high) == (0.0, 0.0, 0.0)
    assert (found.wins, found.ties, found.losses, found.win_rate) == (0, 4, 0, 0.5)


def test_a_shifted_policy_wins_everywhere() -> None:
    theirs = scores(*np.random.default_rng(0).normal(size=40))
    ours = {key: [value + 0.5 for value in values if value is not None] for key, values in theirs.items()}
    found = compare(ours, theirs, **OPTIONS)
    assert found.difference.mean == pytest.approx(0.5)
    assert found.difference.low == pytest.approx(0.5)  # paired: how hard a question is falls out
    assert found.win_rate == 1.0
    assert found.win_low == pytest.approx(0.9124, abs=1e-4)  # 40 / (40 + 1.96²)
    assert found.win_high == 1.0
    back = compare(theirs, ours, **OPTIONS)
    assert (back.win_rate, back.losses) == (0.0, 40)


def test_only_questions_with_both_scores_are_compared() -> None:
    found = compare(scores(1.0, None, 2.0, 4.0), scores(0.0, 5.0, None, 4.0), **OPTIONS)
    assert (found.wins, found.ties, found.losses) == (1, 1, 0)
    assert found.difference.questions == 2
    assert found.difference.mean == 0.5
    assert found.win_rate == 0.75


def test_without_a_common_question_nothing_is_compared() -> None:
    found = compare(scores(1.0, None), scores(None, 2.0), **OPTIONS)
    assert found.win_rate is None
    assert found.win_low is None
    assert found.difference.mean is None
    assert found.difference.questions == 0


def test_rounding_is_a_tie() -> None:
    found = compare(scores(1.0, 1.0), scores(1.0 + 1e-8, 1.0 - 1e-3), **OPTIONS)
    assert (found.wins, found.ties, found.losses) == (1, 1, 0)


def test_wilson_by_the_book() -> None:
    low, high = wilson(0.5, 10)  # 5 of 10: Newcombe, Statistics in Medicine 1998, method 3
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0.0, 8)[0] == 0.0
    with pytest.raises(ValueError, match="n must be positive"):
        wilson(0.5, 0)
