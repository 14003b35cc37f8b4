"""Bands of length, key concepts, and what repetition earns."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reward_service.evidence.claims import NO_CLAIM, NO_REFERENCE
from reward_service.rewards.base import Domain
from reward_service.rewards.completeness import Completeness, band
from reward_service.types import Score

Scorer = Callable[..., Score]

REFERENCE = (
    "The bourgeoisie owns the factories and buys labour-power. Surplus-value arises because the working day "
    "is longer than the time that reproduces the wage."
)
"""24 words."""


@pytest.mark.parametrize(
    ("ratio", "score"),
    [(0.0, -2.0), (0.19, -2.0), (0.2, 0.0), (0.29, 0.0), (0.3, 1.0), (0.49, 1.0), (0.5, 2.0), (1.0, 2.0),
     (1.5, 2.0), (1.51, 1.0), (2.0, 1.0), (2.01, -0.5), (50.0, -0.5)],
)  # fmt: skip
def test_bands_of_length(ratio: float, score: float) -> None:
    assert band(ratio) == score


@pytest.mark.parametrize(
    ("words", "score"), [(1, -2.0), (2, 0.0), (3, 1.0), (5, 2.0), (15, 2.0), (20, 1.0), (21, -0.5)]
)
def test_words_are_counted_against_the_reference(
    domain: Domain, score_answer: Scorer, words: int, score: float
) -> None:
    """The reference is ten words without a key concept, so that length alone decides."""
    result = score_answer(
        Completeness(domain),
        " ".join(f"slowly{index}" for index in range(words)),
        reference="It is not so that they then quickly became so.",
    )
    assert result.value == words / 10
    assert result.score == score
    assert result.evidence["share_of_concepts"] is None


def test_the_reference_itself_is_complete(domain: Domain, score_answer: Scorer) -> None:
    result = score_answer(Completeness(domain), REFERENCE, reference=REFERENCE)
    assert (result.score, result.value, result.evidence["share_of_concepts"]) == (2.0, 1.0, 1.0)


def test_words_about_something_else_earn_nothing(domain: Domain, score_answer: Scorer) -> None:
    answer = (
        "The cat sat upon the mat and looked at the window. Rain fell on the garden for hours, and nobody "
        "went out to play that afternoon."
    )
    result = score_answer(Completeness(domain), answer, reference=REFERENCE)
    assert 0.5 <= (result.value or 0) <= 1.5
    assert (result.score, result.evidence["share_of_concepts"]) == (0.0, 0.0)


def test_words_about_something_else_and_too_few_cost_what_the_length_costs(
    domain: Domain, score_answer: Scorer
) -> None:
    assert score_answer(Completeness(domain), "The cat sat.", reference=REFERENCE).score == -2.0


def test_an_equivalent_term_covers_a_concept(domain: Domain, score_answer: Scorer) -> None:
    answer = "The capitalist class pays for hours."
    concepts = score_answer(Completeness(domain), answer, reference=REFERENCE).evidence["concepts"]
    covered = {concept["concept"]: concept["covered_by"] for concept in concepts}
    assert covered["bourgeoisie"] == "capitalist class"
    assert covered["surplus value"] is None


def test_a_third_of_the_concepts_is_enough(domain: Domain, score_answer: Scorer) -> None:
    reference = "Farmers sow wheat and sell bread."
    result = score_answer(Completeness(domain), "People bought bread on Sunday too.", reference=reference)
    assert result.evidence["share_of_concepts"] == pytest.approx(1 / 3)
    assert result.score == 2.0


def test_nouns_match_by_lemma_and_vague_ones_do_not_count(domain: Domain, score_answer: Scorer) -> None:
    reference = "The way that things happen is a question of factories."
    result = score_answer(Completeness(domain), "A factory stood there.", reference=reference)
    covered = {concept["concept"]: concept["covered_by"] for concept in result.evidence["concepts"]}
    assert covered["factory"] == "factory"
    assert not {"way", "thing"} & covered.keys()


def test_repetition_lengthens_nothing_and_still_counts_as_too_long(
    domain: Domain, score_answer: Scorer
) -> None:
    reward, sentence = Completeness(domain), "The bourgeoisie buys labour-power."
    once = score_answer(reward, sentence, reference=REFERENCE)
    filled = score_answer(reward, " ".join([sentence] * 5), reference=REFERENCE)
    assert once.score == filled.score == -2.0
    assert filled.value == pytest.approx(5 * (once.value or 0))
    assert score_answer(reward, f"{REFERENCE} {REFERENCE} {REFERENCE}", reference=REFERENCE).score == -0.5


@pytest.mark.parametrize("reference", [None, "", " \n"])
@pytest.mark.parametrize("answer", ["Something was said.", ""])
def test_without_reference_there_is_no_score(
    domain: Domain, score_answer: Scorer, reference: str | None, answer: str
) -> None:
    result = score_answer(Completeness(domain), answer, reference=reference)
    assert (result.score, result.reason) == (None, NO_REFERENCE)


def test_a_reference_without_words_has_no_length(domain: Domain, score_answer: Scorer) -> None:
    assert score_answer(Completeness(domain), "Something.", reference="… !?").reason == NO_CLAIM


@pytest.mark.parametrize("answer", ["", "<think>" + REFERENCE, f"<think>{REFERENCE}</think>"])
def test_an_empty_answer_is_as_short_as_can_be(domain: Domain, score_answer: Scorer, answer: str) -> None:
    assert score_answer(Completeness(domain), answer, reference=REFERENCE).score == -2.0


def test_evidence_is_plain_json(domain: Domain, score_answer: Scorer) -> None:
    evidence = score_answer(Completeness(domain), REFERENCE[:60], reference=REFERENCE).evidence
    assert json.loads(json.dumps(evidence)) == evidence
