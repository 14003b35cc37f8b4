"""Contradictions between sentences, and what only looks like one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from reward_service.models.fakes import FakeEmbedder, FakeNli
from reward_service.rewards.base import Domain
from reward_service.rewards.self_consistency import SelfConsistency
from reward_service.types import Calibration, Pair, Vector, Verdict

from .conftest import Annotate, ScoreAnswer

RISE, FALL = "Wages rise under capitalism.", "Wages do not rise under capitalism."


@pytest.fixture
def reward(domain: Domain) -> SelfConsistency:
    return SelfConsistency(domain)


def says(contradiction: Mapping[tuple[str, str], float], threshold: float = 0.9) -> FakeNli:
    """A model that is certain about the given pairs."""
    table = {Pair(*pair): Verdict((1 - p) / 2, (1 - p) / 2, p) for pair, p in contradiction.items()}
    return FakeNli(table, calibration=Calibration(sentence_contradicted=threshold))


class Far(FakeEmbedder):
    """An embedder to which no two texts are close."""

    def answer(self, item: str) -> Vector:
        vector = np.zeros(self.dimensions, dtype=np.float32)
        vector[sum(map(ord, item)) % self.dimensions] = 1.0
        return vector


@pytest.mark.parametrize(
    "answer",
    [
        "",
        RISE,
        f"{RISE} {RISE}",
        f"{RISE} {RISE.upper()}",
        "Capital. Labour. Value.",
        f"{RISE} Do wages fall?",
    ],
)
def test_fewer_than_two_statements(reward: SelfConsistency, score_answer: ScoreAnswer, answer: str) -> None:
    assert score_answer(reward, answer).score == 0.0


def test_no_contradiction(reward: SelfConsistency, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "Wages rise in a boom. Profits rise in a boom as well.")

    assert score.score == 1.0
    assert score.evidence["contradictions"] == []


def test_a_contradiction_shows_both_sentences(reward: SelfConsistency, score_answer: ScoreAnswer) -> None:
    score = score_answer(
        reward, f"{RISE} Prices change. {FALL}", nli=says({(RISE, FALL): 0.97, (FALL, RISE): 0.95})
    )
    [found] = score.evidence["contradictions"]

    assert score.score == -2.0
    assert (found["first"], found["second"]) == (RISE, FALL)
    assert found["contradiction"] == min(found["forward"], found["back"]) == score.value


@pytest.mark.parametrize(("back", "score"), [(0.95, -2.0), (0.9, -2.0), (0.89, 1.0)])
def test_both_directions_must_reach_the_threshold(
    reward: SelfConsistency, score_answer: ScoreAnswer, back: float, score: float
) -> None:
    nli = says({(RISE, FALL): 0.99, (FALL, RISE): back})

    assert score_answer(reward, f"{RISE} {FALL}", nli=nli).score == score


def test_the_threshold_is_the_model_s(reward: SelfConsistency, score_answer: ScoreAnswer) -> None:
    verdicts = {(RISE, FALL): 0.6, (FALL, RISE): 0.6}

    assert score_answer(reward, f"{RISE} {FALL}", nli=says(verdicts, 0.5)).score == -2.0
    assert score_answer(reward, f"{RISE} {FALL}", nli=says(verdicts, 0.7)).score == 1.0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Idealists say that wages rise.", "Marxists say that wages do not rise."),
        ("Critics say that wages rise.", FALL),
        (RISE, "It is often said that wages do not rise."),
        ("According to Bastiat, wages rise.", "Wages do not rise."),
        ("For idealists, wages rise.", "Wages do not rise."),
        ("The so-called iron law says that wages do not rise.", RISE),
        ("Wages seem to rise under capitalism.", FALL),
    ],
)
def test_a_reported_view_is_no_contradiction(
    reward: SelfConsistency, annotate: Annotate, score_answer: ScoreAnswer, first: str, second: str
) -> None:
    answer = f"{first} {second}"
    nli = says({(first, second): 1.0, (second, first): 1.0})

    assert list(reward.pairs(annotate("", answer))) == []
    score = score_answer(reward, answer, nli=nli)
    assert score.score == 1.0
    assert score.evidence["reported"]


def test_one_holder_can_be_made_to_contradict_himself(
    reward: SelfConsistency, score_answer: ScoreAnswer
) -> None:
    """Otherwise "Marx said" before every sentence would hide any contradiction."""
    first, second = "Marx said that wages rise.", "Marx said that wages do not rise."
    nli = says({(first, second): 1.0, (second, first): 1.0})

    assert score_answer(reward, f"{first} {second}", nli=nli).score == -2.0


def test_sentences_about_different_things_are_not_compared(
    reward: SelfConsistency, annotate: Annotate
) -> None:
    sample = annotate("", "Constant capital transfers value. Variable capital does not transfer value.")

    assert list(reward.pairs(sample)) == []


def test_a_subject_in_other_words_is_the_same_thing(reward: SelfConsistency, annotate: Annotate) -> None:
    sample = annotate("", "The bourgeoisie owns the land. The capitalist class does not own the land.")

    assert len(reward.pairs(sample)) == 2


def test_neighbours_reach_two_sentences_and_meaning_reaches_further(
    reward: SelfConsistency, annotate: Annotate
) -> None:
    def compared(answer: str, embedder: FakeEmbedder) -> bool:
        pairs = reward.pairs(annotate("", answer, embedder=embedder))
        return Pair(RISE, FALL) in pairs and Pair(FALL, RISE) in pairs

    fillers = ["Rent is dear.", "Bread is dear.", "Coal is dear."]
    near, far = f"{RISE} {fillers[0]} {FALL}", f"{RISE} {' '.join(fillers)} {FALL}"

    assert compared(near, Far())
    assert not compared(far, Far())
    assert compared(far, FakeEmbedder())


def test_the_number_of_pairs_is_bounded_and_the_rest_is_told(
    reward: SelfConsistency, annotate: Annotate, score_answer: ScoreAnswer
) -> None:
    answer = " ".join(f"The wages of group {number} do not rise in the same way." for number in range(40))
    pairs = reward.pairs(annotate("", answer))
    score = score_answer(reward, answer)

    assert len(pairs) <= 2 * 3 * 40
    assert score.evidence["pairs"] == len(pairs) / 2
    assert score.evidence["pairs_left_out"] > 0
