"""The rules that derive labelled pairs, each on a sentence where the right result is plain."""

from __future__ import annotations

from collections import Counter

from spacy.language import Language

from reward_service.models.nli_training import derive
from reward_service.models.nli_training.sources import is_for_calibration
from reward_service.models.rewriting.corpus import parse_corpus
from reward_service.quality.answers import Question
from reward_service.quality.labelled import LABEL_IDS

ANSWERS = (
    "The guild regulated prices. Merchants opposed the rule, which they called a burden, in 1654. "
    "The council never repealed it. Every craft had its own guild in the city.",
    "Coal drives the engine of the factory. The owners did not raise wages after the strike. "
    "Parliament limited the working day to ten hours. Workers founded a union in London.",
)
QUESTIONS = tuple(Question(f"What happened in case {number}?", text) for number, text in enumerate(ANSWERS))


def test_derived_pairs_are_repeatable_and_offer_no_short_cut_over_not(nlp: Language) -> None:
    corpus = parse_corpus(QUESTIONS, nlp)
    pairs = derive.derive_pairs(corpus, seed=3)
    assert pairs == derive.derive_pairs(parse_corpus(QUESTIONS, nlp), seed=3)
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
    pairs = derive.derive_pairs(parse_corpus(QUESTIONS, nlp), seed=3)
    counts = Counter(pair.label for pair in derive.sample_balanced(pairs, 15))
    assert counts == {0: 5, 1: 5, 2: 5}


def test_the_calibration_fifth_depends_on_the_words_of_the_question_alone() -> None:
    questions = [f"What is number {number}?" for number in range(500)]
    share = sum(map(is_for_calibration, questions)) / len(questions)
    assert 0.15 < share < 0.25
    assert is_for_calibration("What  is NUMBER 7?") == is_for_calibration("what is number 7?")
