"""The topics of a question, and how an answer takes each of them up.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reward_service.evidence.syntax import CONTENT_POS, content_lemmas
from reward_service.lexicons import Lexicon
from reward_service.remembered import remembered
from reward_service.types import Document, Span, Vector

CLOSE = 0.65
"""Cosine of a question's phrase and an answer's phrase from which they speak of the same thing.

Over 150 curated pairs, 0.60 lets through phrases that are only of the same field ("profits", "production");
0.70 loses paraphrases and keeps out hardly anything more.
"""
PARTLY = 0.5
"""How far a phrase counts as covered when the answer takes up its head, or half of its words, alone, or has
all of its words in different sentences."""
NEAR, NEARLY = 0.55, 0.25
"""The cosine from which an answer's phrase is at least of the topic's field, and what that counts."""

_NAMES = frozenset({"EVENT", "FAC", "GPE", "LAW", "LOC", "NORP", "ORG", "WORK_OF_ART"})
_ENDING_LIST = (
    "isations izations isation ization ically ations ation ition ivity istic ists isms ities ings ment ness "
    "ical ions ial ian ism ist ity ing ise ize ion ies ive ary ous ate ant ent ers al ic er ed es ly y s e"
)
_ENDINGS = tuple(sorted(_ENDING_LIST.split(), key=len, reverse=True))
_SHORTEST_FAMILY = 5
"""Letters that must remain; one less for a doctrine and its followers ("fascism", "fascist")."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that a question asks about."""

    text: str
    lemmas: tuple[str, ...]
    """Lemmas of its content words, its syntactic head last."""
    entry: str | None = None
    """Canonical form, where it is a term of the lexicon."""
    name: bool = False
    """A proper name: nothing else means the same, however close its embedding."""
    chunk: str | None = None
    """The noun chunk whose vector stands for it."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the answer takes up a topic."""

    topic: str
    share: float
    """1 for the whole topic, `PARTLY` or `NEARLY` for a part of it, 0 for nothing."""
    by: str | None = None
    """`lemma`, `equivalence`, `word family`, `abbreviation`, `embedding`, or None."""
    found: str | None = None
    """What the answer says for it."""
    cosine: float | None = None
    """With the answer's closest phrase, where no word covers the topic."""


@remembered
def topics_of(question: Document, lexicon: Lexicon) -> tuple[Topic, ...]:
    """The lexicon's terms, the names and the noun phrases of a question, without the words by which it asks.

    A theorist's name counts only where nothing else is asked about.  A question without any such phrase
    ("How do they win?") has its content words as topics; one without content words has none.
    """
    taken: set[int] = set()
    found: list[tuple[int, Topic]] = []
    for entity in question.entities:
        names = [question.tokens[i].pos == "PROPN" for i in range(entity.first, entity.last)]
        if entity.label in _NAMES and sum(names) > 1:
            found.append((entity.first, Topic(entity.text, _lemmas(question, entity, taken), name=True)))
            taken.update(range(entity.first, entity.last))
    for match in lexicon.terms(question):
        if match.first in taken:
            continue
        lemmas = content_lemmas(question.tokens[match.first : match.last])
        chunk = next(
            (c.text for c in question.chunks if (c.first, c.last) == (match.first, match.last)), None
        )
        found.append((match.first, Topic(match.text, lemmas, match.entry, chunk=chunk)))
        taken.update(range(match.first, match.last))
    theorists: list[tuple[int, Topic]] = []
    for chunk_span in question.chunks:
        inside = range(chunk_span.first, chunk_span.last)
        whole = not taken & set(inside)
        lemmas = tuple(
            lemma for lemma in _lemmas(question, chunk_span, taken) if lemma not in lexicon.question_words
        )
        asked = tuple(lemma for lemma in lemmas if lemma not in lexicon.theorists)
        if not lemmas:
            continue
        name = all(question.tokens[i].pos == "PROPN" for i in inside)
        topic = Topic(chunk_span.text, asked or lemmas, name=name, chunk=chunk_span.text if whole else None)
        is_theorist = not asked or (name and not lexicon.theorists.isdisjoint(lemmas))
        (theorists if is_theorist else found).append((chunk_span.first, topic))
    return _distinct(found) or _distinct(theorists) or _words(question, lexicon)


@remembered
def coverer(answer: Document, lexicon: Lexicon) -> Coverer:
    """The reader of an answer."""
    return Coverer(answer, lexicon)


class Coverer:
    """Reads one answer, then tells how it takes up any topic."""

    def __init__(self, answer: Document, lexicon: Lexicon) -> None:
        self._answer = answer
        self._terms = {match.entry: match for match in reversed(lexicon.terms(answer))}
        self._words = {token.text for token in answer.tokens}
        self._lemmas: dict[str, str] = {}
        """Lemma → how the answer first puts it."""
        self._families: dict[str, str] = {}
        self._sentences: dict[str, set[int]] = {}
        """Lemma or family → the sentences that hold it."""
        for number, sentence in enumerate(answer.sentences):
            for token in answer.tokens[sentence.first : sentence.last]:
                if token.pos in CONTENT_POS:
                    lemma = token.lemma.casefold()
                    self._lemmas.setdefault(lemma, token.text)
                    self._families.setdefault(family(lemma), token.text)
                    for key in {lemma, family(lemma)}:
                        self._sentences.setdefault(key, set()).add(number)

    def coverage(self, topic: Topic, vectors: Mapping[str, Vector]) -> Coverage:
        """By equivalence, lemma, word family or abbreviation; by embedding where no words cover all of it."""
        by_words = self._whole(topic)
        if by_words is not None:
            return by_words
        keys, known, words, by = self._taken_up(topic)
        whole = bool(keys) and len(known) == len(keys)
        phrase, cosine = self._closest(topic, vectors)
        if cosine is not None and cosine >= CLOSE:
            return Coverage(topic.text, 1.0, "embedding", phrase, cosine)
        is_term = topic.entry is not None  # "constant capital" is not half covered by "capital"
        if whole or (known and not is_term and (keys[-1] is not None or 2 * len(known) >= len(keys))):
            return Coverage(topic.text, PARTLY, by, words, cosine)
        if cosine is not None and cosine >= NEAR:
            return Coverage(topic.text, NEARLY, "embedding", phrase, cosine)
        return Coverage(topic.text, 0.0, cosine=cosine)

    def phrases(self, topics: Iterable[Topic]) -> Iterator[str]:
        """The phrases whose vectors `coverage` looks up: none where words cover each topic whole."""
        open_chunks = [topic.chunk for topic in topics if self._compared(topic) and not self._whole(topic)]
        yield from (chunk for chunk in open_chunks if chunk is not None)
        if open_chunks:
            yield from (text for text, _ in self._nouns)

    def _whole(self, topic: Topic) -> Coverage | None:
        """How words alone cover the whole topic; None where they don't."""
        match = self._terms.get(topic.entry) if topic.entry is not None else None
        if match is not None:
            same = content_lemmas(self._answer.tokens[match.first : match.last]) == topic.lemmas
            return Coverage(topic.text, 1.0, "lemma" if same else "equivalence", match.text)
        if topic.name and (short := self._abbreviation(topic)):
            return Coverage(topic.text, 1.0, "abbreviation", short)
        keys, known, words, by = self._taken_up(topic)
        whole = bool(keys) and len(known) == len(keys)
        if whole and set.intersection(*(self._sentences[key] for key in known)):
            return Coverage(topic.text, 1.0, by, words)
        return None

    def _taken_up(self, topic: Topic) -> tuple[list[str | None], list[str], str, str]:
        """For each lemma of a topic its key in the answer; those that are there, as the answer puts them, and
        how."""
        keys = [self._key(lemma, topic) for lemma in topic.lemmas]
        known = [key for key in keys if key is not None]
        words = " … ".join(self._lemmas.get(key) or self._families[key] for key in known)
        by = "lemma" if all(lemma in self._lemmas for lemma in topic.lemmas) else "word family"
        return keys, known, words, by

    def _key(self, lemma: str, topic: Topic) -> str | None:
        """The lemma itself or its family, as the answer has it; of a name only the lemma.

        A term's family is a doctrine and its followers alone: "social" is not socialism.
        """
        if lemma in self._lemmas:
            return lemma
        if topic.entry is not None:
            kin = (lemma[:-3] + ending for ending in ("ism", "ist") if lemma.endswith(("ism", "ist")))
            return next((word for word in kin if word in self._lemmas), None)
        return family(lemma) if family(lemma) in self._families and not topic.name else None

    def _abbreviation(self, topic: Topic) -> str | None:
        """ "CPP" for "the Communist Party" (of the Philippines)."""
        initials = "".join(word[0] for word in topic.text.split() if word[0].isupper())
        found = (
            word for word in self._words if len(initials) > 1 and word.isupper() and word.startswith(initials)
        )
        return min(found, default=None)

    @cached_property
    def _nouns(self) -> list[tuple[str, frozenset[str]]]:
        """The answer's noun phrases, each once, with their content lemmas."""
        answer = self._answer
        spans = {
            chunk.text: chunk for chunk in answer.chunks if answer.tokens[chunk.root].pos in {"NOUN", "PROPN"}
        }
        return [
            (text, frozenset(content_lemmas(answer.tokens[chunk.first : chunk.last])))
            for text, chunk in spans.items()
        ]

    def _compared(self, topic: Topic) -> bool:
        """Whether phrases of the answer may stand for the topic; of a proper name none can."""
        return topic.chunk is not None and not topic.name

    def _closest(self, topic: Topic, vectors: Mapping[str, Vector]) -> tuple[str | None, float | None]:
        """The answer's phrase that is closest to the topic; a mere part of the topic's own words is none."""
        wanted = vectors.get(topic.chunk) if topic.chunk is not None and self._compared(topic) else None
        if wanted is None:
            return None, None
        phrases = [
            text for text, lemmas in self._nouns if text in vectors and not lemmas <= set(topic.lemmas)
        ]
        if not phrases:
            return None, None
        cosines = np.stack([vectors[phrase] for phrase in phrases]) @ wanted
        best = int(cosines.argmax())
        return phrases[best], round(float(cosines[best]), 4)


def family(lemma: str) -> str:
    """A word's family: the word without its derivational endings ("revisionist", "revisionism" → "revis")."""
    for ending in _ENDINGS:
        shortest = _SHORTEST_FAMILY - (ending in {"ism", "ist"})
        if lemma.endswith(ending) and len(lemma) - len(ending) >= shortest:
            return family(lemma[: -len(ending)])
    return lemma


def _lemmas(document: Document, span: Span, taken: set[int]) -> tuple[str, ...]:
    """The content lemmas of a span, its head last, without words that belong to another topic."""
    tokens = [document.tokens[i] for i in range(span.first, span.last) if i not in taken]
    lemmas = list(content_lemmas(tokens))
    head = document.tokens[span.root].lemma.casefold()
    if head in lemmas:
        lemmas.append(lemmas.pop(lemmas.index(head)))
    return tuple(lemmas)


def _words(question: Document, lexicon: Lexicon) -> tuple[Topic, ...]:
    lemmas = content_lemmas(question.tokens)
    topical = [lemma for lemma in lemmas if lemma not in lexicon.question_words] or lemmas
    return tuple(Topic(lemma, (lemma,)) for lemma in topical)


def _distinct(topics: Iterable[tuple[int, Topic]]) -> tuple[Topic, ...]:
    """In the order of the question, each once."""
    ordered: Sequence[Topic] = [topic for _, topic in sorted(topics, key=lambda item: item[0])]
    return tuple({topic.entry or topic.lemmas: topic for topic in reversed(ordered)}.values())[::-1]
