"""Every band of depth, each from text."""

from __future__ import annotations

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.interconnection_depth import (
    InterconnectionDepth,
    density_band,
    explanation_band,
)

from .conftest import ScoreAnswer

PLAIN = (
    "The old house stands by the river, and the children of the village play there on long summer evenings "
    "while their parents cook."
)
"""23 words without any entry."""


@pytest.fixture
def reward(domain: Domain) -> InterconnectionDepth:
    return InterconnectionDepth(domain)


@pytest.mark.parametrize(
    ("ratio", "score"),
    [(0.5, -1.5), (4.99, -1.5), (5, -0.5), (9.99, -0.5), (10, 0.0), (10.01, 0.5), (20, 0.5), (20.01, 1.0)],
)
def test_words_per_concept(ratio: float, score: float) -> None:
    assert density_band(ratio) == score


@pytest.mark.parametrize(
    ("ratio", "concepts", "score"),
    [(0.5, 1, 0.5), (0.49, 9, 0.0), (0.1, 9, 0.0), (0.09, 6, -0.5), (0.09, 5, 0.0), (0.0, 1, 0.0)],
)
def test_explanations_per_concept(ratio: float, concepts: int, score: float) -> None:
    assert explanation_band(ratio, concepts) == score


def test_under_twenty_words(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    assert score_answer(reward, "Marx argued in 1867 that capital, because it exploits, grows.").score == 0.0


def test_no_concept_gives_no_ratio(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, PLAIN)

    assert score.evidence["words"] == 23
    assert score.evidence["words_per_concept"] is None
    assert score.score == 0.0


def test_one_concept_in_much_prose(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, f"{PLAIN} Capital sleeps.")

    assert score.evidence["parts"]["words_per_concept"] == 1.0
    assert score.score == 1.0


def test_a_crowd_of_terms_sinks(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    crowd = (
        "Capital, ideology, hegemony, feudalism, apartheid, alienation, reification, praxis, idealism, "
        "fascism, economism, and the soviets meet imperialism, communism, socialism, and colonialism in the "
        "commodity form."
    )
    score = score_answer(reward, crowd)

    assert score.evidence["parts"]["words_per_concept"] == -1.5
    assert score.evidence["parts"]["explanations"] == -0.5
    assert score.score == -2.0


def test_buzzwords_over_two(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    def buzz(words: str) -> float:
        return float(score_answer(reward, f"{PLAIN} It is {words}.").evidence["parts"]["buzzwords"])

    assert buzz("nuanced and holistic") == 0.0
    assert buzz("nuanced, holistic, nuanced, holistic and nuanced") == 0.0
    assert buzz("nuanced, holistic and multifaceted") == pytest.approx(-0.3)
    assert buzz("nuanced, holistic, multifaceted and intertwined") == pytest.approx(-0.6)
    all_of_them = (
        "nuanced, holistic, multifaceted, intertwined, liminal, actionable, a nexus, a plethora, a myriad"
    )
    assert buzz(all_of_them) == -1.5


def test_depth_markers_count_once_each(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    one = score_answer(
        reward, f"{PLAIN} For example, they sing. For example, they dance. For example, they rest."
    )
    many = score_answer(
        reward,
        f"{PLAIN} In 1867 it burned. Lenin argued that it did. For example, it glowed. According to Engels "
        "it fell. In 1871 it rose. For instance, it stood. In 1905 it fell again.",
    )

    assert one.evidence["parts"]["depth_markers"] == pytest.approx(0.3)
    assert many.evidence["parts"]["depth_markers"] == 1.5
    assert {"1867", "lenin <says>", "for example"} <= {m["entry"] for m in many.evidence["depth_markers"]}


def test_loose_phrases_are_no_depth(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, f"{PLAIN} As a rule, in 1 case in 20, as a guest, people argued.")

    assert score.evidence["depth_markers"] == []


def test_explanations_lift(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    bare = score_answer(reward, f"{PLAIN} Capital grows and the wage falls.")
    explained = score_answer(reward, f"{PLAIN} Capital grows because the wage falls.")

    assert bare.evidence["parts"]["explanations"] == 0.0
    assert explained.evidence["parts"]["explanations"] == 0.5
    assert explained.score == pytest.approx((bare.score or 0.0) + 0.5)


def test_repeated_sentences_add_no_words(reward: InterconnectionDepth, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "Capital exploits labour power. " * 30)

    assert score.evidence["words"] == 4
    assert score.score == 0.0


def test_a_list_of_markers_without_a_sentence_earns_nothing(
    reward: InterconnectionDepth, score_answer: ScoreAnswer
) -> None:
    score = score_answer(
        reward, "In 1867, in 1917, for example, for instance, according to, because, therefore, capital. " * 2
        + "More and more of the same old good things by the river in the long warm summer evenings."
    )  # fmt: skip

    assert score.evidence["depth_markers"] == []
    assert score.score == 0.0
