"""Words for words: what a substitution does to the truth of a sentence."""

from __future__ import annotations

import random

from spacy.language import Language
from spacy.tokens import Span

from reward_service.models.rewriting import lexical

FORMS = {("decrease", "VBD"): "decreased", ("drum", "NNS"): "drums"}


def one(nlp: Language, text: str) -> Span:
    sentence: Span = next(iter(nlp(text).sents))
    return sentence


def substitutions(sentence: Span) -> dict[str, lexical.Substitution]:
    return {found.relation: found for found in lexical.substitutions(sentence, FORMS, random.Random(1))}


def test_a_word_becomes_its_opposite_in_the_same_inflection(nlp: Language) -> None:
    changed = lexical.opposite(one(nlp, "Wages increased in that year."), FORMS, random.Random(0))
    assert changed == "Wages decreased in that year."


def test_nothing_is_opposite_under_a_negation(nlp: Language) -> None:
    assert lexical.opposite(one(nlp, "Wages never increased in that year."), FORMS, random.Random(0)) is None


def test_a_word_of_unknown_inflection_is_left_alone(nlp: Language) -> None:
    assert lexical.opposite(one(nlp, "Wages increased in that year."), {}, random.Random(0)) is None


def test_broader_and_other_words_of_a_kind_fit_their_article(nlp: Language) -> None:
    found = substitutions(one(nlp, "She is playing a violin."))
    assert found["broader"].text == "She is playing an instrument."
    assert not found["broader"].negated
    assert found["sibling"].text != found["broader"].text
    assert found["sibling"].text.startswith("She is playing a")


def test_a_negation_before_the_word_is_seen(nlp: Language) -> None:
    assert substitutions(one(nlp, "She is not playing a violin."))["broader"].negated


def test_sentences_with_quantifiers_that_turn_the_direction_are_left_alone(nlp: Language) -> None:
    assert not substitutions(one(nlp, "Every child plays a violin."))
    assert not substitutions(one(nlp, "She never played a violin without joy."))


def test_opposites_hold_in_both_directions_and_never_name_the_word_itself() -> None:
    table = lexical.opposites()
    assert table[("verb", "strengthen")] == "weaken"
    assert table[("verb", "weaken")] == "strengthen"
    assert all(word != opposite for (_, word), opposite in table.items())
    assert {pos for pos, _ in table} <= {"noun", "verb", "adj", "adv", "prep"}


def test_no_kind_is_its_own_kind_and_no_group_repeats_a_word() -> None:
    kinds = lexical.kinds()
    for (_, broad), narrow in kinds.groups.items():
        assert broad not in narrow
        assert len(narrow) >= 2
    assert ("noun", "violin") in kinds.general
