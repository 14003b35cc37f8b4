"""The rules that rewrite a sentence, each on one where the right result is plain."""

from __future__ import annotations

import random

import pytest
from spacy.language import Language
from spacy.tokens import Span

from reward_service.models.rewriting import rewrites


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
