"""Sentence logic on a document's tokens: complete sentences, syntactic roles, content words.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from reward_service.evidence.loops import loops_of
from reward_service.lexicons import Match
from reward_service.remembered import remembered
from reward_service.types import Document, Span, Token

SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "csubjpass", "expl"})
ROLES = frozenset({"nsubj", "nsubjpass", "dobj", "pobj", "attr", "appos"})
CONTENT_POS = frozenset({"ADJ", "NOUN", "NUM", "PROPN", "VERB"})
_VERBAL = frozenset({"AUX", "VERB"})
_WORD = re.compile(r"\w+")

_NEVER_NEIGHBOURS: dict[str, frozenset[str]] = {
    "ADP": frozenset({"CCONJ", "END", "VB", "VBZ"}),
    "AUX": frozenset({"CCONJ", "END", "VBZ"}),
    "CCONJ": frozenset({"CCONJ", "END"}),
    "COMMA": frozenset({"END"}),
    "DET": frozenset({"ADP", "AUX", "CCONJ", "COMMA", "DET", "END", "PRON", "VBP", "VBZ"}),
    "JJ": frozenset({"DET", "PRON", "VBP", "VBN"}),
    "NN": frozenset({"DET", "JJ", "NNP"}),
    "NNP": frozenset({"DET", "JJ"}),
    "NNS": frozenset({"JJ", "NN", "NNP", "NNS"}),
    "PART": frozenset({"END", "VBZ"}),
    "PRON": frozenset({"CCONJ"}),
    "RB": frozenset({"NN", "NNP"}),
}
"""Neighbours that are rare in prose and common among shuffled words.

Chosen by counting neighbours in 150 curated answers and in the same sentences shuffled: each of these is at
least five times as frequent in the shuffled ones.  One of them alone proves nothing.
"""
_SOUP_SENTENCE = (1, 0.1)
_SOUP_DOCUMENT = (3, 0.035)
"""From this many odd neighbours, and this share of all neighbours, words stand in no order.

Of 434 other curated answers one reaches the document's share; of copies with the words of each sentence
shuffled, 99.5 % do.
"""


@remembered
def complete_sentences(document: Document) -> tuple[Span, ...]:
    """The sentences with a finite verb that has a subject, whose words stand in an order that prose has."""
    if is_word_soup(document):
        return ()
    return tuple(
        sentence
        for sentence in document.sentences
        if has_subject_and_finite_verb(document, sentence)
        and _in_order([document.tokens[sentence.first : sentence.last]], _SOUP_SENTENCE)
    )


@remembered
def sentences_outside_loops(document: Document) -> tuple[Span, ...]:
    """The complete sentences less than half of which is repetition.

    A row of terms that goes round is parsed as a sentence now and then, and never is one.  Of a sentence that
    is repeated, the first remains; of words that crowd out all others, nothing.
    """
    loops = loops_of(document.text)
    spans = (*loops.repeated, *loops.crowds)
    return tuple(
        sentence
        for sentence in complete_sentences(document)
        if 2 * _covered(sentence, spans) < sentence.end - sentence.start
    )


def _covered(sentence: Span, spans: Iterable[tuple[int, int]]) -> int:
    """Characters of a sentence that lie in spans, which may overlap."""
    inside: set[int] = set()
    for start, end in spans:
        inside.update(range(max(start, sentence.start), min(end, sentence.end)))
    return len(inside)


@remembered
def is_word_soup(document: Document) -> bool:
    """Whether the words of a text stand in no order that prose has."""
    sentences = distinct_sentences(document)
    return not _in_order([document.tokens[s.first : s.last] for s in sentences], _SOUP_DOCUMENT)


def has_subject_and_finite_verb(document: Document, sentence: Span) -> bool:
    """Whether the head of the sentence, or a verb joined to it, is finite and has a subject."""
    tokens = document.tokens
    finite: set[int] = set()
    subjects: set[int] = set()
    bare: set[int] = set()
    for index in range(sentence.first, sentence.last):
        token = tokens[index]
        if token.finite:
            finite.add(index)
            if token.dep in {"aux", "auxpass"}:
                finite.add(token.head)
        if token.dep in SUBJECTS:
            subjects.add(token.head)
            if token.dep == "nsubj" and tokens[token.head].tag == "VB":
                bare.add(token.head)
    finite |= bare  # present tenses that the tagger took for infinitives ("for them, wages rise")
    main = {sentence.root} | {
        index
        for index in range(sentence.first, sentence.last)
        if tokens[index].dep in {"ccomp", "conj", "parataxis"} and tokens[index].head == sentence.root
    }
    return bool(finite & subjects & main)


def _in_order(sentences: Sequence[Sequence[Token]], soup: tuple[int, float]) -> bool:
    """Whether few neighbouring words are such as prose hardly ever puts side by side ("the of", "and .")."""
    odd = neighbours = 0
    for sentence in sentences:
        classes = [_word_class(token) for token in sentence if token.text.strip()]
        odd += sum(right in _NEVER_NEIGHBOURS.get(left, ()) for left, right in pairwise(classes))
        neighbours += max(len(classes) - 1, 0)
    count, share = soup
    return odd < count or odd < share * neighbours


def role(document: Document, first: int, last: int) -> str | None:
    """The syntactic role of the tokens [first, last): that of their head.

    Returns:
        One of `ROLES`, `governed by root` for whatever else depends directly on the root verb, or None.
    """
    tokens = document.tokens
    head = next(
        (i for i in range(first, last) if not first <= tokens[i].head < last or tokens[i].head == i), first
    )
    token = tokens[head]
    if token.dep in ROLES:
        return token.dep
    governor = tokens[token.head]
    if (
        token.head != head
        and governor.head == token.head
        and governor.pos in _VERBAL
        and token.dep != "punct"
    ):
        return "governed by root"
    return None


def content_lemmas(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Lower-case lemmas of the words that carry meaning (no stop words), in order, each once."""
    return tuple(
        dict.fromkeys(
            token.lemma.casefold() for token in tokens if token.pos in CONTENT_POS and not token.is_stop
        )
    )


@remembered
def distinct_sentences(document: Document) -> tuple[Span, ...]:
    """The sentences with words, without those that repeat an earlier one but for case and punctuation."""
    first: dict[str, Span] = {}
    for sentence in document.sentences:
        key = same_words(sentence.text)
        if key:
            first.setdefault(key, sentence)
    return tuple(first.values())


def same_words(text: str) -> str:
    """What two texts have in common that differ in case and punctuation alone."""
    return " ".join(_WORD.findall(text.casefold()))


def word_count(document: Document, sentence: Span) -> int:
    """Words of a sentence: tokens with a letter or digit, clitics ("'s", "n't") not counted."""
    return sum(
        any(char.isalnum() for char in token.text) and token.text[0] not in "'’"
        for token in document.tokens[sentence.first : sentence.last]
        if token.text.casefold() not in {"n't", "n’t"}
    )


def within(matches: Iterable[Match], sentences: Iterable[Span]) -> list[Match]:
    """The matches that begin in one of the sentences."""
    inside = {index for sentence in sentences for index in range(sentence.first, sentence.last)}
    return [match for match in matches if match.first in inside]


def _word_class(token: Token) -> str:
    """A closed class by its part of speech, an open one by its tag, punctuation by its work."""
    if token.text in {".", "!", "?"}:
        return "END"
    if token.text == ",":
        return "COMMA"
    if not any(char.isalnum() for char in token.text):
        return "MARK"
    if token.text.casefold() in {"all", "both", "half", "such"}:
        return "PREDETERMINER"
    return token.pos if token.pos in {"ADP", "AUX", "CCONJ", "DET", "PART", "PRON"} else token.tag
