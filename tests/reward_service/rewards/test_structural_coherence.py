"""Terms in roles, connectives, complete sentences, and no reward for shuffled words."""

from __future__ import annotations

import random

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.structural_coherence import StructuralCoherence

from .conftest import ScoreAnswer

PROSE = (
    "Capital buys labour power at its value, because the wage pays for the means of subsistence. However, "
    "the worker creates more value in a day than the wage returns. Therefore surplus value arises in "
    "production, and the exchange of commodities only realises it. The bourgeoisie owns the means of "
    "production, whereas the proletariat owns nothing but its capacity to work."
)


@pytest.fixture
def reward(domain: Domain) -> StructuralCoherence:
    return StructuralCoherence(domain)


def shuffled(text: str, seed: int) -> str:
    words = text.replace(".", "").replace(",", "").split()
    random.Random(seed).shuffle(words)
    return " ".join(words) + "."


@pytest.mark.parametrize(
    ("answer", "role"),
    [
        ("Capital grows in every cycle.", "nsubj"),
        ("Capital was accumulated by force.", "nsubjpass"),
        ("The workers ended feudalism.", "dobj"),
        ("They lived under feudalism.", "pobj"),
        ("The name of it is imperialism.", "attr"),
    ],
)
def test_a_term_in_a_role(
    reward: StructuralCoherence, score_answer: ScoreAnswer, answer: str, role: str
) -> None:
    score = score_answer(reward, answer)

    assert role in {term["role"] for term in score.evidence["terms"]}
    assert score.score == pytest.approx(0.3 * len(score.evidence["terms"]))


def test_a_term_without_a_role_earns_nothing(reward: StructuralCoherence, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "He bought an apartheid museum guide.")

    assert score.evidence["terms"] == []
    assert score.score == 0.0


@pytest.mark.parametrize(
    "answer",
    [
        "Capital, labour power, surplus value, ideology, hegemony.",
        "Because of capital. However, surplus value! Therefore the state.",
        "The accumulation of capital by the bourgeoisie in the colonies.",
        "",
        "Accumulating capital and exploiting workers.",
    ],
)
def test_without_subject_and_finite_verb(
    reward: StructuralCoherence, score_answer: ScoreAnswer, answer: str
) -> None:
    score = score_answer(reward, answer)

    assert score.score == -1.0
    assert score.evidence["complete_sentences"] == 0


def test_good_prose_and_its_limits(reward: StructuralCoherence, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, PROSE)

    assert {"because", "however", "therefore", "whereas"} <= {
        c["entry"] for c in score.evidence["connectives"]
    }
    assert len(score.evidence["terms"]) > 5
    assert score.evidence["parts"]["terms"] == 1.5
    assert score.score == pytest.approx(1.5 + score.evidence["parts"]["connectives"])
    assert score.value is not None
    assert score.score is not None
    assert score.value > score.score


def test_five_connectives_are_enough(reward: StructuralCoherence, score_answer: ScoreAnswer) -> None:
    many = (
        "However, it rained. Therefore we left. Moreover, it was cold. Nevertheless, we sang. Consequently, "
        "we slept. Similarly, they ate. In short, it was good."
    )

    assert score_answer(reward, many).score == 1.0


def test_repeating_earns_nothing(reward: StructuralCoherence, score_answer: ScoreAnswer) -> None:
    once = "However, capital exploits labour power."

    assert score_answer(reward, " ".join([once] * 6)).score == score_answer(reward, once).score


@pytest.mark.parametrize("seed", range(12))
def test_shuffled_words_earn_hardly_anything(
    reward: StructuralCoherence, score_answer: ScoreAnswer, seed: int
) -> None:
    score = score_answer(reward, shuffled(PROSE, seed)).score

    assert score is not None
    assert score <= 0.0


def test_soup_beside_prose_earns_no_more_than_the_prose(
    reward: StructuralCoherence, score_answer: ScoreAnswer
) -> None:
    sentence = "Labour power is a commodity that the worker sells."
    soup = "the of ideology hegemony by and to state the of. which feudalism the of however the by and."
    mixed = score_answer(reward, f"{sentence} {soup}")

    assert mixed.score is not None
    assert mixed.score <= (score_answer(reward, sentence).score or 0.0)


@pytest.mark.parametrize(
    "loop",
    [
        "Marxism communism wage wage exploitation wage capital wage state exploits wage labour wage Marxism. "
        * 4,
        "wage capital state wage creates wage labour capital wage state rules wage labour capital " * 5,
    ],
)
def test_a_loop_of_terms_is_no_sentence(
    reward: StructuralCoherence, score_answer: ScoreAnswer, loop: str
) -> None:
    score = score_answer(reward, loop)

    assert score.score == -1.0
    assert score.evidence["outside_loops"] == 0


def test_a_loop_behind_prose_adds_nothing(reward: StructuralCoherence, score_answer: ScoreAnswer) -> None:
    loop = "ideology wage hegemony wage exploits wage ideology wage hegemony creates wage. " * 5

    assert score_answer(reward, f"{PROSE}\n\n{loop}").score == score_answer(reward, PROSE).score


def test_a_repeated_sentence_still_counts_as_complete(
    reward: StructuralCoherence, score_answer: ScoreAnswer
) -> None:
    evidence = score_answer(reward, "Capital exploits labour power in every workshop. " * 4).evidence

    assert (evidence["complete_sentences"], evidence["outside_loops"]) == (4, 1)
