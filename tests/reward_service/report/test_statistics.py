"""Intervals, the sign-flip test and rank correlation against figures made another way."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test, t

from reward_service.report.statistics import DRAWS, bootstrap, draws, rank_correlation, sign_flip


def _covered(size: int, skewed: bool, trials: int = 400) -> float:
    generator = np.random.default_rng(11)
    hits = 0
    for trial in range(trials):
        values = generator.exponential(size=size) - 1 if skewed else generator.normal(size=size)
        interval = bootstrap(values, seed=trial)
        assert interval is not None
        hits += interval.low <= 0 <= interval.high
    return hits / trials


@pytest.mark.parametrize(("size", "least"), [(8, 0.92), (40, 0.925)])
def test_an_interval_covers_the_mean_as_often_as_it_says(size: int, least: float) -> None:
    # 0.95 ± 3 standard errors of 400 trials is 0.917 … 0.983.
    assert least <= _covered(size, skewed=False) <= 0.985


def test_an_interval_of_skewed_scores_covers_nearly_as_often() -> None:
    assert _covered(60, skewed=True) >= 0.9


def test_an_interval_agrees_with_students_t() -> None:
    values = np.random.default_rng(3).normal(2.0, 1.5, size=30)
    interval = bootstrap(values, seed=1)
    assert interval is not None
    half = t.ppf(0.975, 29) * values.std(ddof=1) / 30**0.5
    assert interval.low == pytest.approx(values.mean() - half, abs=0.05)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.05)


def test_a_seed_gives_one_interval_and_no_spread_gives_none() -> None:
    values = np.arange(20.0)
    assert bootstrap(values, seed=5) == bootstrap(values.copy(), seed=5)
    assert bootstrap(values, seed=5) != bootstrap(values, seed=6)
    assert bootstrap(np.full(9, 1.25), seed=5) == (1.25, 1.25)


@pytest.mark.parametrize("size", [0, 1, 4])
def test_under_five_values_there_is_neither_interval_nor_test(size: int) -> None:
    assert bootstrap(np.arange(float(size)), seed=1) is None
    assert sign_flip(np.arange(float(size)), seed=1) is None


def test_a_small_sign_flip_test_is_exact() -> None:
    # 1, 2, 3, 4, 5 all on one side: of 32 patterns only this and its mirror are as far out.
    found = sign_flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), seed=1)
    assert found == (2 / 32, 32, True)


def test_an_exact_test_agrees_with_counting_by_hand() -> None:
    values = np.array([0.4, -0.1, 0.75, 0.2, -0.3, 0.6, 0.05])
    sums = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) for signs in product((1, -1), repeat=7)
    ]
    expected = sum(each >= abs(values.sum()) - 1e-9 for each in sums) / 2**7
    found = sign_flip(values, seed=1)
    assert found is not None
    assert found.p == expected
    # SciPy makes the same test of paired samples, where zeros are the other sample.
    theirs = permutation_test(
        (values, np.zeros(7)), lambda a, b: (a - b).mean(), permutation_type="samples", n_resamples=np.inf
    )
    assert found.p == pytest.approx(theirs.pvalue)


def test_ties_say_nothing_either_way() -> None:
    alone = sign_flip(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), seed=1)
    assert sign_flip(np.array([0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 5.0, 1e-12]), seed=1) == alone
    assert sign_flip(np.zeros(6), seed=1) == (1.0, 1, True)


def test_a_drawn_test_agrees_with_the_normal_law() -> None:
    values = np.random.default_rng(8).normal(0.25, 1.0, size=60)
    found = sign_flip(values, seed=2)
    assert found is not None
    assert (found.exact, found.patterns) == (False, DRAWS)
    theirs = permutation_test(
        (values, np.zeros(60)),
        lambda a, b: (a - b).mean(),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert found.p == pytest.approx(theirs.pvalue, abs=0.02)


def test_a_drawn_p_is_never_zero() -> None:
    found = sign_flip(np.full(30, 2.0), seed=2)
    assert found is not None
    assert found.p == pytest.approx(1 / (DRAWS + 1))


def test_p_is_even_where_nothing_differs() -> None:
    generator = np.random.default_rng(9)
    found = [sign_flip(generator.normal(size=18), seed=trial) for trial in range(300)]
    low = sum(each.p <= 0.05 for each in found if each is not None)
    assert 4 <= low <= 30  # 15 are expected; three standard errors are 11


def test_there_are_fewer_draws_for_many_questions() -> None:
    assert draws(100) == 10_000
    assert draws(10_000) == 4_000
    assert draws(10**7) == 2_000


def test_rank_correlation() -> None:
    one = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(one, one**3) == pytest.approx(1.0)
    assert rank_correlation(one, np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(0.8)  # 1 − 6·2 / (4·15)
    assert rank_correlation(one, np.full(4, 2.0)) is None
    assert rank_correlation(one[:2], one[:2]) is None
