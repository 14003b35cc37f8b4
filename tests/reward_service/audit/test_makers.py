"""Every maker of honest answers and attacks: found by its file alone, repeatable, and what it says it is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from reward_service.audit import attacks, honest
from reward_service.audit.answers import make_answers
from reward_service.audit.catalogue import attack_makers, honest_makers
from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.audit.sources import Readers, sources
from reward_service.errors import RequestError
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import FakeAnnotator, FakeEmbedder
from reward_service.quality.answers import Question
from reward_service.text import normalise
from shared.completion import split

MAKERS = (*honest_makers(), *attack_makers())
BY_NAME = {maker.name: maker for maker in MAKERS}
BY_HAND = {"paraphrase", "reversed_by_hand", "hollow_by_hand"}


def made(name: str, source: Source, seed: int = 1) -> str:
    text = BY_NAME[name].make(source, random.Random(seed))
    assert text is not None
    return text


def test_every_file_is_a_maker() -> None:
    for package in (honest, attacks):
        files = {path.stem for path in Path(package.__path__[0]).glob("*.py")} - {"__init__"}
        assert files <= BY_NAME.keys()
    assert len(BY_NAME) == len(MAKERS)
    assert MAKERS[0].name == "reference"


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_a_maker_is_described_makes_something_and_can_be_repeated(
    maker: Maker, made_sources: list[Source]
) -> None:
    assert maker.doc.endswith(".")
    assert maker.family
    texts = [maker.make(source, random.Random(5)) for source in made_sources]
    assert any(texts)
    assert texts == [maker.make(source, random.Random(5)) for source in made_sources]
    assert all(text is None or text.strip() for text in texts)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_a_reference_of_one_sentence_breaks_no_maker(maker: Maker) -> None:
    questions = [Question("What is rent?", "Rent."), Question("What is a wage?", "Wages are a price.")]
    found = sources(questions, Readers(FakeAnnotator(), FakeEmbedder()), load_lexicon("marxist"), 1)
    for source in found:
        text = maker.make(source, random.Random(1))
        assert text is None or text.strip()


def test_honest_answers(made_sources: list[Source]) -> None:
    source = made_sources[0]
    assert made("reference", source) == source.reference
    assert sorted(made("reordered", source).split()) == sorted(source.reference.split())
    assert made("reordered", source) != source.reference
    assert len(made("shortened", source).split(". ")) == 3
    assert made("as_list", source).count("\n- ") == 4
    assert "the capitalist class later" in made("synonyms", source).lower()
    assert "[1]" in made("cited", source)
    assert made("paraphrase", source).startswith("Prices as well")


def test_reversals_hold_nothing_but_falsehoods(made_sources: list[Source]) -> None:
    guilds, engine, _ = made_sources
    negated = made("reversed_by_negation", guilds)
    assert "did not regulate" in negated
    assert "A piston pushes the steam" in made("reversed_roles", engine)
    wrong = made("reversed_numbers", engine)
    assert "1769" not in wrong
    assert "boiler" not in wrong  # a sentence without numbers would stay true
    assert "did not" in made("both_sides", guilds)
    assert made("half_reversed", guilds).count("not") < negated.count("not") + 1


def test_attacks_on_the_characters_are_undone_by_normalising(made_sources: list[Source]) -> None:
    plain = made("reversed_by_negation", made_sources[0])
    for name in ("invisible_characters", "look_alikes"):
        disguised = made(name, made_sources[0])
        assert "not" not in disguised
        assert normalise(disguised) == plain


def test_attacks_on_the_format_leave_no_answer_or_a_hollow_one(made_sources: list[Source]) -> None:
    source = made_sources[0]
    assert split(made("unclosed_reasoning", source)).answer == ""
    for name in ("in_the_reasoning", "several_reasonings"):
        assert "guild" not in split(made(name, source)).answer


def test_padding_keeps_its_promises(made_sources: list[Source]) -> None:
    source = made_sources[0]
    words = len(source.reference.split())
    assert 2 * words <= len(made("padded", source).split()) <= 2 * words + 20
    assert len(made("truncated", source).split()) == int(0.3 * words)
    repeated = made("repeated_sentence", source)
    assert len({part.strip(" .") for part in repeated.split(". ")}) == 1


def test_strangers_are_other_questions(made_sources: list[Source]) -> None:
    references = {source.reference for source in made_sources}
    for source in made_sources:
        assert source.other in references - {source.reference}
        assert source.nearest in references - {source.reference}


def test_one_maker_more_changes_no_other_answer(made_sources: list[Source]) -> None:
    few = make_answers(made_sources, [BY_NAME["reference"]], [BY_NAME["shuffled_words"]], seed=3)
    many = make_answers(made_sources, honest_makers(), attack_makers(), seed=3)
    assert set(few) <= set(many)
    assert not {answer.maker for answer in many} - BY_NAME.keys()


def test_an_attack_that_changes_nothing_is_no_attack(made_sources: list[Source]) -> None:
    class Same(Maker):
        name, family = "same", "none"

        def make(self, source: Source, rng: random.Random) -> str | None:  # noqa: ARG002
            return f" {source.reference}\n"

    found = make_answers(made_sources, [BY_NAME["reference"]], [Same()], seed=1)
    assert {answer.maker for answer in found} == {"reference"}


def test_a_few_changed_sentences_make_no_reversal() -> None:
    assert changed_only([None, "One.", ""]) is None
    assert changed_only([None, "One.", "Two."]) == "One. Two."


def test_one_question_is_too_few() -> None:
    with pytest.raises(RequestError, match="at least two different questions"):
        sources(
            [Question("What?", "This."), Question("What?", "That.")],
            Readers(FakeAnnotator(), FakeEmbedder()),
            load_lexicon("marxist"),
            1,
        )
