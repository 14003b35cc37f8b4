"""Sentences far from the question cost their share of the words; steps away from it cost nothing."""

from __future__ import annotations

import pytest

from reward_service.models.embedder import SentenceEmbedder
from reward_service.models.pack import load_readers
from reward_service.rewards.base import Domain
from reward_service.rewards.focus import FocusReward

from .conftest import ScoreAnswer

QUESTION = "Why did handloom weavers lose their living?"
ANSWER = (
    "The power loom made cloth so cheap that handloom weavers could not sell theirs. Many weavers went to "
    "the mills, where they worked for wages."
)
ELSEWHERE = "The recipe wants two eggs and a cup of flour. Bees see the sun through clouds."


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return load_readers("embedded")[1]


@pytest.fixture
def reward(domain: Domain) -> FocusReward:
    return FocusReward(domain)


def test_an_answer_to_the_question_costs_nothing(
    reward: FocusReward, score_answer: ScoreAnswer, embedder: SentenceEmbedder
) -> None:
    score = score_answer(reward, ANSWER, question=QUESTION, embedder=embedder)
    assert (score.score, score.value) == (0.0, 0.0)
    assert score.evidence["away"] == []
    assert score.evidence["closest"] > 0.5


def test_what_is_about_something_else_costs_its_share(
    reward: FocusReward, score_answer: ScoreAnswer, embedder: SentenceEmbedder
) -> None:
    score = score_answer(reward, f"{ANSWER} {ELSEWHERE}", question=QUESTION, embedder=embedder)
    away = score.evidence["away"]
    whole = f"{ANSWER} {ELSEWHERE}"
    assert [whole[one["start"] : one["end"]] for one in away] == [one["sentence"] for one in away]
    assert " ".join(one["sentence"] for one in away) == ELSEWHERE
    share = len(ELSEWHERE.split()) / len(whole.split())
    assert score.value == pytest.approx(share)
    assert score.score == pytest.approx(-2 * share)


def test_without_a_question_there_is_no_score(reward: FocusReward, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, ANSWER, question="")
    assert score.score is None
    assert score.reason


def test_that_an_answer_is_empty_is_for_others_to_say(reward: FocusReward, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "")
    assert score.score == 0.0
    assert "no words" in score.evidence["note"]
