"""Names, dates and numbers of an answer that occur neither in the passages nor in the question.

Names are the named entities of the answer; they are looked up in the words of the passages, a person by the
last name, without regard to case and endings ("Russian" is backed by "Russia").  Dates and numbers are looked
up by value, see `quantities.py`.  A name under which the passages don't know somebody ("the USSR" for the
Soviet Union) is listed too: that something is unknown is a question to a person and no proof.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

from reward_service.evidence.quantities import Quantity, quantities
from reward_service.remembered import remembered
from reward_service.types import AnnotatedSample, Document, Span

NAMES = frozenset(
    {"PERSON", "ORG", "GPE", "NORP", "WORK_OF_ART", "EVENT", "LAW", "FAC", "LOC", "PRODUCT"},
)
_WORD = re.compile(r"[^\W\d_]+")
_APART = re.compile(r"\s+(?:and|or|&)\s+|[,;/–—]")
_FRAME = re.compile(r"^[\s\"“”'‘’(\[]*(?:the\s+)?|['’]s?\s*$|[\s\"“”'‘’)\].]+$", re.IGNORECASE)
"""What stands around a name or date: an article, quotation marks, the ending of a genitive."""
_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_ENDING = 3
"""Letters that an ending may have: "Brit-ain", "Brit-ish"."""
_STEM = 4
"""Letters that words have in common, at least, when they differ in their endings."""


Stems = Mapping[str, frozenset[str]]
"""First letters of a word → the words, folded."""


class Unknown(NamedTuple):
    """A name, date or number that no passage has; [start, end) are characters of the answer."""

    text: str
    kind: Literal["name", "date", "number"]
    start: int
    end: int


@remembered
def unknown(sample: AnnotatedSample) -> tuple[Unknown, ...]:
    """What the answer names that neither the passages nor the question have, in order, each once."""
    sources = (*sample.passages, Document(sample.sample.question))
    words = _merged(map(_words, sources))
    backed = frozenset(quantity for source in sources for quantity in _quantities(source))
    dates = list(_dates(sample.answer))
    found = [
        *_unknown_dates(dates, words, backed),
        *_unknown_numbers(sample.answer, dates, backed),
        *_unknown_names(sample.answer, dates, words),
    ]
    first: dict[tuple[str, str], Unknown] = {}
    for one in sorted(found, key=lambda one: one.start):
        first.setdefault((one.kind, one.text.casefold()), one)
    return tuple(first.values())


@remembered
def _words(document: Document) -> Stems:
    found: dict[str, set[str]] = {}
    for word in _WORD.findall(document.text):
        folded = word.casefold()
        found.setdefault(folded[:_STEM], set()).add(folded)
    return {stem: frozenset(words) for stem, words in found.items()}


def _merged(several: Iterable[Stems]) -> Stems:
    found: dict[str, frozenset[str]] = {}
    for stems in several:
        for stem, words in stems.items():
            found[stem] = found.get(stem, frozenset()) | words
    return found


@remembered
def _quantities(document: Document) -> tuple[Quantity, ...]:
    """The distinct numbers and dates of a document."""
    distinct = {(found.kind, found.low, found.high): found for found in quantities(document.text)}
    return tuple(distinct.values())


class _Date(NamedTuple):
    """A date with the numbers that make it up."""

    span: tuple[int, int]
    text: str
    parts: tuple[Quantity, ...]


def _dates(answer: Document) -> Iterator[_Date]:
    """Each year, decade and century of the answer, with day and month where these stand beside it."""
    found = quantities(answer.text)
    taken: set[Quantity] = set()
    for entity in answer.entities:
        inside = tuple(q for q in found if entity.start <= q.start and q.end <= entity.end)
        if entity.label == "DATE" and any(quantity.kind == "date" for quantity in inside):
            taken.update(inside)
            text, start = _bare(answer.text, entity.text, entity.start)
            yield _Date((start, start + len(text)), text, inside)
    for quantity in found:
        if quantity.kind == "date" and quantity not in taken:
            yield _Date((quantity.start, quantity.end), quantity.text, (quantity,))


def _unknown_dates(dates: Sequence[_Date], words: Stems, backed: Collection[Quantity]) -> Iterator[Unknown]:
    for date in dates:
        months = {word.casefold() for word in _WORD.findall(date.text)}.intersection(_MONTHS)
        known = all(any(other.covers(part) for other in backed) for part in date.parts)
        if not known or not all(_has(month, words) for month in months):
            yield Unknown(date.text, "date", *date.span)


def _unknown_numbers(
    answer: Document, dates: Sequence[_Date], backed: Collection[Quantity]
) -> Iterator[Unknown]:
    parts = {part for date in dates for part in date.parts}
    for quantity in quantities(answer.text):
        if quantity in parts or not quantity.counts:
            continue
        if not any(other.covers(quantity) for other in backed):
            yield Unknown(quantity.text, "number", quantity.start, quantity.end)


def _unknown_names(answer: Document, dates: Sequence[_Date], words: Stems) -> Iterator[Unknown]:
    for entity in answer.entities:
        if entity.label not in NAMES or any(
            start < entity.end and entity.start < end for start, end in (date.span for date in dates)
        ):
            continue
        begin = entity.start
        for part in _APART.split(entity.text):
            at = answer.text.find(part, begin)
            begin = at + len(part)
            parts = _capitals(part, entity)
            # A person goes by the last name, anything else by all words of its name.
            if parts and not all(_known(word, words) for word in parts):
                text, start = _bare(answer.text, part, at)
                yield Unknown(text, "name", start, start + len(text))


def _bare(whole: str, part: str, at: int) -> tuple[str, int]:
    """A part of a text from `at` on without what stands around it, and where that begins."""
    text = _FRAME.sub("", part)
    return text, whole.find(text, at)


def _capitals(name: str, entity: Span) -> Sequence[str]:
    """The words of a name that are looked up, folded; none where it is no name."""
    found = [word.casefold() for word in _WORD.findall(name) if word[0].isupper() and len(word) > 1]
    return found[-1:] if entity.label == "PERSON" else found


def _known(word: str, words: Stems) -> bool:
    if _has(word, words):
        return True
    return len(word) >= _STEM and any(_akin(word, other) for other in words.get(word[:_STEM], ()))


def _has(word: str, words: Stems) -> bool:
    return word in words.get(word[:_STEM], ())


def _akin(one: str, other: str) -> bool:
    """Whether two words differ in nothing but their endings."""
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    shorter, longer = sorted((len(one), len(other)))
    return shared >= _STEM and (shared == shorter or longer - shared <= _ENDING)
