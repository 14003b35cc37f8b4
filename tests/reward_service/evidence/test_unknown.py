"""Names, dates and numbers that no passage has, on the real parser and recogniser."""

from __future__ import annotations

import pytest

from reward_service.evidence.unknown import unknown
from reward_service.models.annotator import SpacyAnnotator
from reward_service.types import AnnotatedSample, Sample
from shared.completion import split

PASSAGES = (
    "In October 1917 the Bolsheviks took power in Petrograd. About 1000 workers struck, 8 per cent of all.",
    "Karl Marx wrote Capital in the 1860s, in London. The Russian Empire fell later.",
)


@pytest.fixture(scope="module")
def annotator() -> SpacyAnnotator:
    return SpacyAnnotator()


def found(annotator: SpacyAnnotator, answer: str, question: str = "") -> list[tuple[str, str]]:
    read, *passages = annotator.run(annotator.prepare([answer, *PASSAGES]))
    sample = AnnotatedSample(
        Sample("a", question, split(answer), None, PASSAGES), answer=read, passages=tuple(passages)
    )
    named = unknown(sample)
    assert all(answer[one.start : one.end] == one.text for one in named)
    return [(one.text, one.kind) for one in named]


@pytest.mark.parametrize(
    "answer",
    [
        "Marx lived in London.",
        "KARL MARX lived in London.",
        "The Bolsheviks won in 1917.",
        "One thousand workers struck, or 1,000 in digits, which is 8%.",
        "Power was taken in the twentieth century.",
        "Russia changed for good.",
        "There were two sides: 1) the workers and 2) the owners.",
    ],
)
def test_what_a_passage_has_in_some_form_is_known(annotator: SpacyAnnotator, answer: str) -> None:
    assert found(annotator, answer) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Vladimir Lenin led the Bolsheviks.", ("Vladimir Lenin", "name")),
        ("The workers of Berlin struck.", ("Berlin", "name")),
        ("The Bolsheviks took power in 1918.", ("1918", "date")),
        ("The Bolsheviks took power on 7 November 1917.", ("7 November 1917", "date")),
        ("It all began in the 1790s.", ("1790s", "date")),
        ("About 2,000 workers struck.", ("2,000", "number")),
        ("About twelve per cent of the workers struck.", ("twelve", "number")),
        ("A strike of three weeks followed.", ("three", "number")),
    ],
)
def test_what_no_passage_has_is_listed(
    annotator: SpacyAnnotator, answer: str, expected: tuple[str, str]
) -> None:
    assert found(annotator, answer) == [expected]


def test_the_question_counts_as_known(annotator: SpacyAnnotator) -> None:
    answer = "Rosa Luxemburg died in 1919."
    assert len(found(annotator, answer)) == 2
    assert found(annotator, answer, "How did Luxemburg die in 1919?") == []


def test_each_is_listed_once_where_it_stands_first(annotator: SpacyAnnotator) -> None:
    answer = "The workers of Berlin struck in 1918. In 1918 the workers of Berlin won."
    assert found(annotator, answer) == [("Berlin", "name"), ("1918", "date")]


def test_articles_and_quotation_marks_are_no_part_of_a_name(annotator: SpacyAnnotator) -> None:
    answer = "The workers of the German Empire read the newspapers of the Spartacus League's members."
    assert {text for text, kind in found(annotator, answer) if kind == "name"} == {
        "German Empire",
        "Spartacus League",
    }
