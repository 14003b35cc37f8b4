"""What is asked, left open or denied as a whole is uttered, not stated; a named holder's view is stated."""

from __future__ import annotations

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.commitment import CommitmentReward

from .conftest import ScoreAnswer

STATED = "The mill bought the labour of the weaver by the day. Marx holds that this is how profit is made."


@pytest.fixture
def reward(domain: Domain) -> CommitmentReward:
    return CommitmentReward(domain)


def test_what_is_stated_costs_nothing(reward: CommitmentReward, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, STATED)
    assert (score.score, score.value, score.evidence["uttered"]) == (0.0, 0.0, [])


@pytest.mark.parametrize(
    ("answer", "manner"),
    [
        ("Did the mill buy the labour of the weaver by the day?", "asked"),
        ("Nobody can say whether the mill bought the labour of the weaver.", "left open"),
        ("Some critics claim that the mill bought the labour of the weaver.", "left open"),
    ],
)
def test_what_is_only_uttered_costs_all(
    reward: CommitmentReward, score_answer: ScoreAnswer, answer: str, manner: str
) -> None:
    score = score_answer(reward, answer)
    (found,) = score.evidence["uttered"]
    assert (score.score, found["manner"]) == (-2.0, manner)
    assert answer[found["start"] : found["end"]] == answer


def test_what_is_denied_in_the_end_was_not_stated(
    reward: CommitmentReward, score_answer: ScoreAnswer
) -> None:
    score = score_answer(reward, f"{STATED} None of this is true.")
    uttered = score.evidence["uttered"]
    assert {one["manner"] for one in uttered} == {"denied"}
    assert {one["cue"] for one in uttered} == {"None of this is true."}
    assert score.value == pytest.approx(20 / 25)


def test_a_share_is_a_share(reward: CommitmentReward, score_answer: ScoreAnswer) -> None:
    question = "Why did the mill pay by the day?"
    score = score_answer(reward, f"{question} {STATED}")
    assert score.value == pytest.approx(8 / (8 + len(STATED.split())))


def test_that_an_answer_is_empty_is_for_others_to_say(
    reward: CommitmentReward, score_answer: ScoreAnswer
) -> None:
    score = score_answer(reward, "")
    assert score.score == 0.0
    assert "no words" in score.evidence["note"]
