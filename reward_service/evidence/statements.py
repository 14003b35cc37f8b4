"""The statements of a text: its sentences without fragments, questions and repetitions.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reward_service.remembered import remembered
from reward_service.types import Document, Span

MIN_WORDS = 4
"""A sentence with fewer words is a fragment ("No.", "In short:") and claims nothing by itself."""

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_CITATION = re.compile(r"\s?\[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]")
"""A mark that points to a source: "[1]", "[2, 4]", "[3–5]"; its number says nothing of the matter."""
_QUOTES = re.compile('["“”«»]')


@remembered
def claims(reference: Document) -> tuple[Span, ...]:
    """The sentences of a reference that claim something, each distinct one once.

    Fragments and questions are left out, unless the reference holds nothing else.
    """
    worded = distinct(reference.sentences)
    full = tuple(span for span in worded if word_count(span.text) >= MIN_WORDS and not _asks(span.text))
    return full or worded


def full_sentences(sentences: Sequence[Span]) -> list[Span]:
    """The sentences with four words or more; where there is none, those that hold words."""
    worded = [span for span in sentences if word_count(span.text)]
    return [span for span in worded if word_count(span.text) >= MIN_WORDS] or worded


def distinct(sentences: Sequence[Span]) -> tuple[Span, ...]:
    """The sentences that hold words, each text once whatever its case and punctuation."""
    kept: dict[str, Span] = {}
    for sentence in sentences:
        if key := _key(sentence.text):
            kept.setdefault(key, sentence)
    return tuple(kept.values())


def word_count(text: str) -> int:
    """Words of a text; "don't" and "surplus-value" are one word each."""
    return len(_WORD.findall(text))


def same(one: str, other: str) -> bool:
    """Equal but for case, spacing, quotation marks and full stop; a statement entails itself."""
    return bare(one) == bare(other)


def bare(text: str) -> str:
    """The text without case, quotation marks, citations, doubled spaces and marks at its ends."""
    return " ".join(_QUOTES.sub(" ", without_citations(text).casefold()).split()).strip(" .,;:!")


def without_citations(text: str) -> str:
    """The text without marks such as "[1]" and "[2, 4]"."""
    return _CITATION.sub("", text).strip() if "[" in text else text


def citation_spans(text: str) -> list[tuple[int, int]]:
    """Characters [start, end) of the marks that `without_citations` takes out."""
    return [match.span() for match in _CITATION.finditer(text)] if "[" in text else []


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _asks(text: str) -> bool:
    return text.rstrip(" \"”'’)]").endswith("?")
