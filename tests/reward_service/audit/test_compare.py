"""Win rates, margins and the worst examples."""

from __future__ import annotations

from reward_service.audit.answers import Answer
from reward_service.audit.compare import compare_attack, compare_honest, distribution

HONEST = ("reference", "shortened")
ANSWERS = [
    Answer(0, "reference", "a"),
    Answer(0, "shortened", "b"),
    Answer(0, "soup", "c"),
    Answer(1, "reference", "d"),
    Answer(1, "soup", "e"),
    Answer(2, "reference", "f"),  # the attack could not be made
]


def test_ties_are_losses_and_margins_are_of_the_honest_answer() -> None:
    figures, worst = compare_attack(ANSWERS, [5.0, 1.0, 1.0, 2.0, 4.0, 6.0], HONEST, "soup")
    assert (figures["pairs"], figures["wins"], figures["ties"]) == (3, 1, 1)
    assert figures["win_rate"] == round(1 / 3, 4)
    assert figures["by_honest"] == {"reference": 0.5, "shortened": 0.0}
    assert figures["margin"] == {"mean": round(2 / 3, 4), "median": 0.0, "p5": -1.8}
    assert figures["unscored"] == 0
    assert [duel.margin for duel in worst] == [-2.0, 0.0]  # the worst of each question
    assert [ANSWERS[duel.honest].maker for duel in worst] == ["reference", "shortened"]


def test_what_could_not_be_scored_is_counted_and_never_a_win() -> None:
    figures, _ = compare_attack(ANSWERS, [5.0, None, 1.0, 2.0, None, 6.0], HONEST, "soup")
    assert (figures["pairs"], figures["wins"], figures["unscored"]) == (1, 1, 2)


def test_an_attack_that_was_never_made_has_no_rate() -> None:
    figures, worst = compare_attack(ANSWERS, [1.0] * 6, HONEST, "hollow")
    assert (figures["pairs"], figures["win_rate"], figures["margin"]) == (0, None, None)
    assert worst == []


def test_the_top_third_is_of_the_range() -> None:
    table, top = compare_honest(ANSWERS, [4.0, 3.9, 9.0, None, 0.0, 5.0], HONEST, 0.0, 6.0)
    assert table["reference"] == {"n": 2, "mean": 4.5, "std": 0.5, "top_third": 1.0}
    assert table["shortened"]["top_third"] == 0.0
    assert top == round(2 / 3, 4)
    assert compare_honest([], [], HONEST, 0.0, 6.0) == ({}, None)


def test_a_distribution_holds_every_score_once() -> None:
    found = distribution(ANSWERS, [0.0, 6.0, 6.1, None, 3.0, 2.9], [*HONEST, "soup"], 0.0, 6.0)
    assert (found["edges"][0], found["edges"][-1], len(found["edges"])) == (0.0, 6.0, 31)
    assert {name: sum(counts) for name, counts in found["counts"].items()} == {
        "reference": 2,
        "shortened": 1,
        "soup": 2,
    }
    assert found["counts"]["soup"][-1] == 1  # rounding may carry a score past the end
