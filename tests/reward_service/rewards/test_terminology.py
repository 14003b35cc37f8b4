"""Distinct terms, and that the reward says it can be gamed."""

from __future__ import annotations

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.terminology import Terminology

from .conftest import ScoreAnswer


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("The cat slept.", 0.0),
        ("Capital grows.", 0.3),
        ("Capital, capital and Capital grow.", 0.3),
        ("The bourgeoisie is the capitalist class, and capitalists rule.", 0.3),
        ("Surplus value is the source of profit.", 0.6),
        ("capital, wage, profit, ideology, hegemony, feudalism, apartheid", 2.0),
        ("This is based on a capitalist-free tea party.", 0.3),
    ],
)
def test_each_concept_counts_once(
    domain: Domain, score_answer: ScoreAnswer, answer: str, score: float
) -> None:
    assert score_answer(Terminology(domain), answer).score == pytest.approx(score)


def test_evidence_shows_where(domain: Domain, score_answer: ScoreAnswer) -> None:
    answer = "Without labor-power no capital."
    terms = score_answer(Terminology(domain), answer).evidence["terms"]

    assert [(term["entry"], answer[term["start"] : term["end"]]) for term in terms] == [
        ("labour power", "labor-power"),
        ("capital", "capital"),
    ]


def test_it_is_deprecated_and_says_why() -> None:
    assert "gamed" in (Terminology.deprecated or "")
