"""The real spaCy pipeline: sentences, roles, and texts that nobody should write."""

from __future__ import annotations

import json
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from reward_service.errors import ModelUnavailable
from reward_service.models.annotator import SpacyAnnotator
from reward_service.text import normalise
from reward_service.types import EMPTY_DOCUMENT, Annotate, Document

ROOT = Path(__file__).resolve().parents[3]
PROSE = (
    "The state is an instrument of class rule. It arose, as Engels argued in 1884, when classes appeared.\n\n"
    "Under capitalism the bourgeoisie exploits the working class; surplus value is unpaid labour."
)
AWKWARD = {
    "no stop": "the state rules " * 600,
    "one word": "a" * 30_000,
    "brackets": "(" * 2_000,
    "dots": "." * 30_000,
    "CJK": "剩余价值是资本主义的秘密。" * 700,
    "emoji": "🚩👨‍👩‍👧" * 500,
    "right to left": "الدولة أداة الطبقة الحاكمة " * 150,
    "NUL and surrogates": "The\x00 state\ud800 rules\u202e." * 100,
    "spaces": "a" + " " * 30_000 + "b",
    "line breaks": "\n" * 30_000,
    "lines": "x\n" * 300,
    "list": "- the theory of value\n" * 100,
}


def annotate(annotator: SpacyAnnotator, text: str) -> Document:
    (document,) = documents(annotator, text)
    return document


def documents(annotator: SpacyAnnotator, *items: str | Annotate) -> list[Document]:
    return list(annotator.run(annotator.prepare(items)))


def real_answers(count: int) -> list[str]:
    """The first answers of the curated data."""
    lines = (ROOT / "training_data" / "curated_qa.jsonl").read_text(encoding="utf-8").splitlines()
    return [normalise(json.loads(line)["response"]) for line in lines[:count]]


def sentences(annotator: SpacyAnnotator, text: str) -> list[str]:
    return [sentence.text for sentence in annotate(annotator, text).sentences]


def check_invariants(document: Document) -> None:
    """What types.py promises of every document."""
    text = document.text
    covered = "".join(sentence.text for sentence in document.sentences)
    assert "".join(covered.split()) == "".join(text.split()), "sentences leave out only white space"
    for token in document.tokens:
        assert text[token.start : token.end] == token.text
        assert not token.text.isspace()
    end = position = 0
    for sentence in document.sentences:
        assert sentence.start >= end, "sentences never overlap"
        assert sentence.first == position, "every token belongs to one sentence"
        assert 0 < sentence.last - sentence.first <= 100
        assert len(sentence.text) <= 1_000
        assert sentence.text == sentence.text.strip()
        end, position = sentence.end, sentence.last
        assert document.tokens[sentence.root].head == sentence.root
        for index in range(sentence.first, sentence.last):
            head = document.tokens[index].head
            assert sentence.first <= head < sentence.last, "heads stay in their sentence"
            assert (head == index) == (index == sentence.root), "one root"
    assert position == len(document.tokens)
    for span in (*document.sentences, *document.chunks, *document.entities):
        assert text[span.start : span.end] == span.text
        assert span.start == document.tokens[span.first].start
        assert span.end == document.tokens[span.last - 1].end
        assert span.first <= span.root < span.last


def test_prose(annotator: SpacyAnnotator) -> None:
    document = annotate(annotator, PROSE)
    check_invariants(document)
    assert len(document.sentences) == 3
    roles = {(token.text, token.dep) for token in document.tokens}
    assert {("state", "nsubj"), ("bourgeoisie", "nsubj"), ("class", "dobj")} <= roles
    finite = {token.text for token in document.tokens if token.finite}
    assert {"is", "arose", "exploits"} <= finite
    assert "unpaid" not in finite
    assert [token.lemma for token in document.tokens if token.text == "arose"] == ["arise"]
    assert {"1884"} <= {entity.text for entity in document.entities if entity.label == "DATE"}


def test_chunks_begin_with_what_they_are_about(annotator: SpacyAnnotator) -> None:
    document = annotate(
        annotator, "What is their relation to the means of production? It is a social relation."
    )
    chunks = [chunk.text for chunk in document.chunks]
    assert "means" in chunks
    assert "social relation" in chunks
    assert not {"What", "It", "their relation", "the means"} & set(chunks)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "1. The state withers away.\n2. Classes vanish",
            ["1. The state withers away.", "2. Classes vanish"],
        ),
        ("- value\n- price\n- profit", ["- value", "- price", "- profit"]),
        ("Two things:\nlabour and land", ["Two things:", "labour and land"]),
        ("# The State\n\nIt rules.", ["# The State", "It rules."]),
        ("The state is a tool\nof the ruling class.", ["The state is a tool\nof the ruling class."]),
        ("  \n The state rules.  \n ", ["The state rules."]),
    ],
)
def test_lines_and_lists(annotator: SpacyAnnotator, text: str, expected: list[str]) -> None:
    assert sentences(annotator, text) == expected


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_texts_keep_the_promises(annotator: SpacyAnnotator, name: str) -> None:
    begin = time.monotonic()
    check_invariants(annotate(annotator, normalise(AWKWARD[name])))
    assert time.monotonic() - begin < 60, "spaCy's own tokenizer takes minutes over some of these"


@pytest.mark.parametrize("text", ["", " ", "\n\n\t"])
def test_texts_without_words(annotator: SpacyAnnotator, text: str) -> None:
    document = annotate(annotator, text)
    assert document.text == text
    assert document == replace(EMPTY_DOCUMENT, text=text)


def test_long_sentences_are_cut_at_punctuation_first(annotator: SpacyAnnotator) -> None:
    clause = "the bourgeoisie owns the mines and mills and railways of the whole wide world"
    parts = sentences(annotator, ", ".join([clause] * 20))
    assert len(parts) > 1
    assert all(part.endswith(",") for part in parts[:-1])


def test_batched_equals_single(annotator: SpacyAnnotator) -> None:
    texts = [PROSE, "", "Word soup base value", *PROSE.split(". "), "- a list\n- of things"]
    batched = annotator.run(annotator.prepare(texts))
    assert list(batched) == [annotate(annotator, text) for text in texts]


def test_cost_grows_with_the_text(annotator: SpacyAnnotator) -> None:
    empty, some, all_of_it = annotator.prepare(["", PROSE[:50], PROSE])
    assert annotator.cost(empty) == 1 < annotator.cost(some) < annotator.cost(all_of_it)


def test_without_entities_all_else_is_the_same(annotator: SpacyAnnotator) -> None:
    texts = [*real_answers(60), PROSE]
    full = documents(annotator, *texts)
    bare = documents(annotator, *(Annotate(text, entities=False) for text in texts))
    assert sum(len(document.entities) for document in full) > 60
    assert bare == [replace(document, entities=()) for document in full]


def test_texts_with_and_without_entities_share_a_batch(annotator: SpacyAnnotator) -> None:
    items: list[str | Annotate] = [
        Annotate(PROSE, entities=False),
        Annotate(PROSE),
        PROSE,
        Annotate("", entities=False),
    ]
    bare, full, plain, empty = documents(annotator, *items)
    assert bare.entities == ()
    assert full == plain == replace(bare, entities=plain.entities)
    assert plain.entities
    assert empty == EMPTY_DOCUMENT


def test_the_size_of_a_document_is_about_right(annotator: SpacyAnnotator) -> None:
    texts = [*real_answers(20), "- the theory of value\n" * 100, "One line."]
    annotator.run(annotator.prepare(texts))  # words that are already in memory cost nothing again
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = documents(annotator, *texts)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    guess = sum(annotator.bytes_of(document) for document in kept)
    assert 0.7 < guess / taken < 1.4


def test_nothing_is_wrong_with_an_annotator_without_processes(annotator: SpacyAnnotator) -> None:
    assert annotator.health() is None
    assert annotator.pids == []
    annotator.close()
    assert annotate(annotator, PROSE).tokens


def test_a_package_that_is_not_installed_says_what_to_do() -> None:
    with pytest.raises(ModelUnavailable, match="REWARD_SPACY_MODEL"):
        SpacyAnnotator("en_core_web_absent")
