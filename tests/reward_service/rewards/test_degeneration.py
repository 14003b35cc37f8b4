"""Loops, cut ends and broken characters cost up to one each; honest answers cost nothing."""

from __future__ import annotations

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.degeneration import DegenerationReward
from reward_service.types import Score

from .conftest import ScoreAnswer

PROSE = (
    "Wool went from the merchant to the cottage and came back as cloth. He paid by the piece, so "
    "every hour that the "
    "weaver saved was the merchant’s gain at the next settling of the price. When steam came, the "
    "cottage fell idle, "
    "and whoever had lived by the loom walked to the mill."
)


@pytest.fixture
def reward(domain: Domain) -> DegenerationReward:
    return DegenerationReward(domain)


@pytest.mark.parametrize(
    "answer",
    [
        PROSE,
        f"<think>So so so so so so so so so so so so so and the</think>{PROSE}",
        f"{PROSE}\n\n- wool\n- cloth\n- steam",
        "Cloth",
        "**No.** Cloth was sold in town (see Miller, p. 12).",
    ],
)
def test_an_honest_answer_costs_nothing(
    reward: DegenerationReward, score_answer: ScoreAnswer, answer: str
) -> None:
    score = score_answer(reward, answer)

    assert (score.score, score.value) == (0.0, 0.0)
    assert str(score.score) == "0.0"
    assert "note" not in score.evidence


@pytest.mark.parametrize(
    ("answer", "kind", "severity"),
    [
        (PROSE + " He paid by the piece." * 20, "loops", 1.0),
        ("wage loom cloth wage steam wage " * 12 + ".", "loops", 1.0),
        (f"{PROSE} Then the children of the", "cut_off", 1.0),
        (f"{PROSE} Then the children went", "cut_off", 0.5),
        (f"<think>{PROSE}", "cut_off", 1.0),
        (PROSE.replace(" ", "Ġ"), "encoding", 1.0),
    ],
)
def test_each_kind_costs_its_severity(
    reward: DegenerationReward, score_answer: ScoreAnswer, answer: str, kind: str, severity: float
) -> None:
    score = score_answer(reward, answer)
    others = {name: found for name, found in score.evidence["severities"].items() if name != kind}

    assert score.evidence["severities"][kind] == severity
    assert set(others.values()) == {0.0}
    assert (score.score, score.value) == (-severity, severity)


def test_all_three_add_up(reward: DegenerationReward, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "The weaverâ€™s loom and the " * 20)

    assert score.evidence["severities"] == {"loops": 1.0, "cut_off": 1.0, "encoding": 1.0}
    assert (score.score, score.value) == (-3.0, 3.0)


def test_worse_costs_more(reward: DegenerationReward, score_answer: ScoreAnswer) -> None:
    def of(answer: str) -> float:
        score: Score = score_answer(reward, answer)
        assert score.score is not None
        return score.score

    assert of(PROSE) > of(PROSE.removesuffix(" to the mill.")) > of(PROSE.removesuffix(" mill."))
    assert of(f"{PROSE} It\ufffds so.") > of(f"{PROSE} It\ufffds \ufffdso\ufffd.")


@pytest.mark.parametrize("answer", ["", "<think>Hm.</think>", " \n "])
def test_that_an_answer_is_empty_is_for_others_to_say(
    reward: DegenerationReward, score_answer: ScoreAnswer, answer: str
) -> None:
    score = score_answer(reward, answer)

    assert score.score == 0.0
    assert score.evidence["note"] == "the answer is empty"
