"""Groups of answers of known quality, and what a reward teaches on them."""

from __future__ import annotations

import pytest

from reward_service.audit.groups import SIZE, Graded, graded_groups, usefulness
from reward_service.audit.maker import Source


def group(*rows: tuple[float, float | None, int]) -> list[tuple[Graded, float | None]]:
    """Quality, score and words of each answer."""
    return [(Graded(0, "word " * words, quality), score) for quality, score, words in rows]


def test_groups_go_from_the_whole_reference_to_none_of_it(made_sources: list[Source]) -> None:
    groups = graded_groups(made_sources, seed=1)
    assert len(groups) == 3
    for source, members in zip(made_sources, groups, strict=True):
        assert len(members) == SIZE
        assert members[0].quality == 1.0
        assert members[0].text == " ".join(source.texts)
        assert members[-1].quality <= 0.0
        qualities = [member.quality for member in members]
        assert all(-1 <= quality <= 1 for quality in qualities)
    assert groups == graded_groups(made_sources, seed=1)
    assert groups != graded_groups(made_sources, seed=2)


def test_a_reward_that_follows_quality() -> None:
    found = usefulness([group((1.0, 6.0, 3), (0.5, 1.0, 9), (0.0, -3.0, 6))], -3.0, 6.0)
    assert (found["rank_correlation"], found["zero_spread"]) == (1.0, 0.0)
    assert found["length_correlation"] == -0.5
    assert (found["saturated_low"], found["saturated_high"]) == (pytest.approx(1 / 3, abs=1e-4),) * 2
    assert found["points"] == [[1.0, 6.0, 3], [0.5, 1.0, 9], [0.0, -3.0, 6]]


def test_a_group_without_spread_teaches_nothing() -> None:
    flat, steep = group((1.0, 2.0, 3), (0.0, 2.0, 5)), group((1.0, 1.0, 3), (0.0, 2.0, 5))
    found = usefulness([flat, steep], -3.0, 6.0)
    assert (found["zero_spread"], found["rank_correlation"]) == (0.5, -1.0)


def test_what_could_not_be_scored_counts_for_nothing() -> None:
    found = usefulness([group((1.0, None, 3), (0.0, 2.0, 5))], -3.0, 6.0)
    assert (found["n"], found["zero_spread"], found["rank_correlation"]) == (0, None, None)
