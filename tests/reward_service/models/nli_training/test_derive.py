"""The rules that derive labelled pairs, each on a sentence where the right result is plain."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from spacy.language import Language
from spacy.tokens import Span

from reward_service.models.nli_training import derive, rewrites
from reward_service.models.nli_training.sources import is_for_calibration
from reward_service.quality.answers import Question
from reward_service.quality.labelled import LABEL_IDS

ANSWERS = (
    "The guild regulated prices. Merchants opposed the rule, which they called a burden, in 1654. "
    "The council never repealed it. Every craft had its own guild in the city.",
    "Coal drives the engine of the factory. The owners did not raise wages after the strike. "
    "Parliament limited the working day to ten hours. Workers founded a union in London.",
)
QUESTIONS = tuple(Question(f"What happened in case {number}?", text) for number, text in enumerate(ANSWERS))


def one(nlp: Language, text: str) -> Span:
    sentence: Span = next(iter(nlp(text).sents))
    return sentence


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("Coal drives the engine.", "not", "Coal does not drive the engine."),
        ("Coal drives the engine.", "never", "Coal never drives the engine."),
        ("The owners raised wages.", "not", "The owners did not raise wages."),
        ("Money is a measure of value.", "not", "Money is not a measure of value."),
        ("Workers can form a union.", "not", "Workers cannot form a union."),
        ("The state has served one class.", "not", "The state has not served one class."),
        ("The owners did not raise wages.", "not", "The owners did raise wages."),
        ("The council never repealed the law.", "not", "The council repealed the law."),
    ],
)
def test_negation(nlp: Language, text: str, form: str, expected: str) -> None:
    sentence = one(nlp, text)
    assert rewrites.negate(sentence, rewrites.finite_heads(sentence)[0], form) == expected


@pytest.mark.parametrize("text", ["What drives the engine?", "The tax was not merely raised."])
def test_questions_and_focus_particles_are_not_negated(nlp: Language, text: str) -> None:
    sentence = one(nlp, text)
    heads = rewrites.finite_heads(sentence)
    assert not heads or rewrites.negate(sentence, heads[0]) is None


def test_a_clause_between_commas_is_dropped(nlp: Language) -> None:
    sentence = one(nlp, "The guild, which the king had founded, regulated the price of bread.")
    assert rewrites.drop_clause(sentence, random.Random(1)) == "The guild regulated the price of bread."


def test_nothing_is_dropped_below_a_universal(nlp: Language) -> None:
    sentence = one(nlp, "Every guild, which the king had founded, regulated the price of bread.")
    assert rewrites.drop_clause(sentence, random.Random(1)) is None


def test_roles_are_swapped_and_turned_into_the_passive(nlp: Language) -> None:
    sentence = one(nlp, "The merchant betrayed the weaver.")
    assert rewrites.swap_roles(sentence) == "The weaver betrayed the merchant."
    participles = {"betray": "betrayed"}
    assert rewrites.passive(sentence, participles) == "The weaver was betrayed by the merchant."
    assert rewrites.passive(sentence, participles, swapped=True) == "The merchant was betrayed by the weaver."


def test_numbers_and_names_change(nlp: Language) -> None:
    rng = random.Random(2)
    sentence = one(nlp, "Workers in London founded a union in 1889 and wages increased.")
    assert "1889" not in (rewrites.swap_number(sentence, rng) or "1889")
    swapped = rewrites.swap_name(sentence, {"GPE": ["London", "Paris"]}, rng)
    assert swapped == "Workers in Paris founded a union in 1889 and wages increased."


def test_a_denial_keeps_names_capital() -> None:
    rng = random.Random(0)
    assert rewrites.deny("The state withers away.", rng).endswith(" the state withers away.")
    assert rewrites.deny("Lenin wrote it.", rng).endswith(" Lenin wrote it.")


def test_derived_pairs_are_repeatable_and_offer_no_short_cut_over_not(nlp: Language) -> None:
    corpus = derive.parse_corpus(QUESTIONS, nlp)
    pairs = derive.derive_pairs(corpus, seed=3)
    assert pairs == derive.derive_pairs(derive.parse_corpus(QUESTIONS, nlp), seed=3)
    assert {pair.label for pair in pairs} == {derive.ENTAILMENT, derive.NEUTRAL, derive.CONTRADICTION}
    assert len({(pair.premise, pair.hypothesis) for pair in pairs}) == len(pairs)
    several = [pair for seed in range(6) for pair in derive.derive_pairs(corpus, seed)]
    negated = Counter(pair.label for pair in several if " not " in pair.hypothesis)
    assert negated[LABEL_IDS["entailment"]] > 0
    assert negated[LABEL_IDS["neutral"]] > 0
    assert negated[LABEL_IDS["contradiction"]] > 0
    for pair in several:
        if pair.premise == pair.hypothesis:
            assert pair.label == derive.ENTAILMENT


def test_balancing_takes_as_many_of_each_label(nlp: Language) -> None:
    pairs = derive.derive_pairs(derive.parse_corpus(QUESTIONS, nlp), seed=3)
    counts = Counter(pair.label for pair in derive.sample_balanced(pairs, 15))
    assert counts == {0: 5, 1: 5, 2: 5}


def test_the_calibration_fifth_depends_on_the_words_of_the_question_alone() -> None:
    questions = [f"What is number {number}?" for number in range(500)]
    share = sum(map(is_for_calibration, questions)) / len(questions)
    assert 0.15 < share < 0.25
    assert is_for_calibration("What  is NUMBER 7?") == is_for_calibration("what is number 7?")
