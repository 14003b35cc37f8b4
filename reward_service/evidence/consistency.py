"""Which pairs of an answer's sentences could contradict each other.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reward_service.evidence.reported import reported_views
from reward_service.evidence.syntax import SUBJECTS, complete_sentences, content_lemmas, same_words
from reward_service.lexicons import Lexicon
from reward_service.remembered import remembered
from reward_service.types import Document, Pair, Span, Vector

NEIGHBOURS = 2
"""How far apart neighbours may be, in sentences."""
CLOSE_IN_MEANING = 0.6
"""Cosine from which sentences that are no neighbours are compared."""

Cosines = NDArray[np.float32]


class Candidate(NamedTuple):
    """Two sentences to be compared, in the order of the text."""

    first: str
    second: str
    apart: int
    """In sentences."""
    cosine: float | None

    @property
    def both_ways(self) -> tuple[Pair, Pair]:
        """The two questions to the NLI model."""
        return Pair(self.first, self.second), Pair(self.second, self.first)


@dataclass(frozen=True, slots=True)
class Selection:
    """The pairs to be compared."""

    pairs: tuple[Candidate, ...]
    left_out: int
    """Pairs close in meaning that were not looked at, since closer ones took their number."""


class _Statement(NamedTuple):
    position: int
    text: str
    holders: frozenset[str | None]
    """Whose views it reports; empty where it asserts, None within for a holder that the text leaves open."""
    subject: frozenset[str]
    """Content lemmas and terms of its subject; empty for a pronoun."""
    mentions: frozenset[str]
    """Content lemmas and terms of the whole sentence."""


@remembered
def statements(answer: Document) -> tuple[Span, ...]:
    """The complete sentences that state something, each once: no questions, no repetitions."""
    first: dict[str, Span] = {}
    for sentence in complete_sentences(answer):
        if not sentence.text.rstrip("\"'”’)").endswith("?"):
            first.setdefault(same_words(sentence.text), sentence)
    return tuple(first.values())


def candidates(answer: Document, lexicon: Lexicon, vectors: Mapping[str, Vector]) -> Selection:
    """Neighbours, and the closest of the other pairs: at most as many as there are statements."""
    spoken = list(_statements(answer, lexicon))
    cosines = _cosines(spoken, vectors)
    near = [
        _candidate(spoken, cosines, i, j)
        for i in range(len(spoken))
        for j in range(i + 1, min(i + 1 + NEIGHBOURS, len(spoken)))
        if _apart(spoken, i, j) <= NEIGHBOURS and _may_contradict(spoken[i], spoken[j])
    ]
    rows, columns = np.nonzero(np.triu(cosines >= CLOSE_IN_MEANING, k=1))
    closest_first = np.argsort(-cosines[rows, columns], kind="stable")
    far: list[Candidate] = []
    left_out = 0
    for seen, place in enumerate(closest_first):
        i, j = int(rows[place]), int(columns[place])
        if len(far) == len(spoken):
            left_out = len(closest_first) - seen
            break
        if _apart(spoken, i, j) > NEIGHBOURS and _may_contradict(spoken[i], spoken[j]):
            far.append(_candidate(spoken, cosines, i, j))
    return Selection((*near, *far), left_out)


def _candidate(spoken: Sequence[_Statement], cosines: Cosines, i: int, j: int) -> Candidate:
    cosine = None if np.isnan(cosines[i, j]) else round(float(cosines[i, j]), 4)
    return Candidate(spoken[i].text, spoken[j].text, _apart(spoken, i, j), cosine)


def _apart(spoken: Sequence[_Statement], i: int, j: int) -> int:
    return spoken[j].position - spoken[i].position


def _statements(answer: Document, lexicon: Lexicon) -> Iterator[_Statement]:
    places = {sentence.start: position for position, sentence in enumerate(answer.sentences)}
    entries: dict[int, set[str]] = {}
    for match in lexicon.terms(answer):
        for index in range(match.first, match.last):
            entries.setdefault(index, set()).add(match.entry)
    for sentence in statements(answer):
        whole = range(sentence.first, sentence.last)
        yield _Statement(
            places[sentence.start],
            sentence.text,
            frozenset(view.holder for view in reported_views(answer, sentence)),
            _keys(answer, _subject(answer, sentence), entries),
            _keys(answer, whole, entries),
        )


def _subject(answer: Document, sentence: Span) -> Sequence[int]:
    """The tokens of the noun phrase that is the subject of the sentence; none for a pronoun."""
    for index in range(sentence.first, sentence.last):
        token = answer.tokens[index]
        if token.dep in SUBJECTS and token.head == sentence.root and token.pos in {"NOUN", "PROPN"}:
            chunk = next((c for c in answer.chunks if c.first <= index < c.last), None)
            return range(chunk.first, chunk.last) if chunk is not None else [index]
    return ()


def _keys(answer: Document, indices: Sequence[int], entries: Mapping[int, set[str]]) -> frozenset[str]:
    """Terms by canonical form; other content words by lemma."""
    terms = {entry for index in indices for entry in entries.get(index, ())}
    others = [answer.tokens[index] for index in indices if index not in entries]
    return frozenset(terms.union(content_lemmas(others)))


def _may_contradict(first: _Statement, second: _Statement) -> bool:
    if first.holders or second.holders:
        same_holder = first.holders == second.holders and None not in first.holders
        if not same_holder:
            return False
    if not first.subject or not second.subject:
        return True
    return first.subject <= second.mentions or second.subject <= first.mentions


def _cosines(spoken: Sequence[_Statement], vectors: Mapping[str, Vector]) -> Cosines:
    """Cosines of all pairs, shape (statements, statements); NaN where a vector is missing."""
    size = next((vector.shape[0] for vector in vectors.values()), 1)
    missing = np.full(size, np.nan, dtype=np.float32)
    if not spoken:
        return np.zeros((0, 0), dtype=np.float32)
    table = np.stack([vectors.get(statement.text, missing) for statement in spoken])
    return table @ table.T
