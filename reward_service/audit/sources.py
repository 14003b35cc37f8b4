"""Questions and references → sources: parsed, with a stranger's and a neighbour's reference beside each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reward_service.audit.maker import Source
from reward_service.errors import RequestError
from reward_service.lexicons import Lexicon
from reward_service.models.protocols import Annotator, Embedder
from reward_service.models.rewriting.corpus import load_parser, parse_corpus, sentences_of
from reward_service.quality.answers import Question
from reward_service.text import normalise
from reward_service.types import Vector

SAME_QUESTION = 0.85
"""Cosine from which two questions count as the same: the answer to one may well answer the other."""
SAME_ANSWER = 0.93
"""The same of two references."""


@dataclass(frozen=True)
class Readers:
    """The models that read references; none of them scores."""

    annotator: Annotator
    embedder: Embedder


def sources(
    questions: Sequence[Question],
    readers: Readers,
    lexicon: Lexicon,
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Source]:
    """A source for each question, in order; ``advance`` is called with the number of questions done.

    Raises:
        RequestError: fewer than two different questions, so that none has another one's answer.
    """
    if len({question.question for question in questions}) < 2:
        raise RequestError("an audit needs at least two different questions: one lends the other its answer")
    clean = [Question(q.question, normalise(q.answer).strip(), q.by_hand) for q in questions]
    corpus = parse_corpus(clean, load_parser())
    asked = _vectors([question.question for question in clean], readers.embedder)
    answered = _vectors([question.answer for question in clean], readers.embedder)
    alike = (asked @ asked.T >= SAME_QUESTION) | (answered @ answered.T >= SAME_ANSWER)
    found = []
    for index, question in enumerate(clean):
        sentences = tuple(sentences_of(corpus.docs[index]))
        vectors = _vectors([sentence.text for sentence in sentences], readers.embedder)
        strangers = np.flatnonzero(~alike[index])
        rng = random.Random(f"stranger:{seed}:{question.question}")
        other = int(rng.choice(strangers)) if len(strangers) else (index + 1) % len(clean)
        nearest = max(strangers, key=lambda place: float(asked[index] @ asked[place]), default=None)
        found.append(
            Source(
                question=question.question,
                reference=question.answer,
                sentences=sentences,
                document=readers.annotator.run(readers.annotator.prepare([question.answer]))[0],
                weights=tuple(float(cosine) for cosine in vectors @ answered[index]),
                other=clean[other].answer,
                nearest=None if nearest is None else clean[int(nearest)].answer,
                corpus=corpus,
                lexicon=lexicon,
                by_hand=question.by_hand,
            )
        )
        advance(1)
    return found


def _vectors(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """Unit vectors, shape (texts, dimensions)."""
    found: list[Vector] = list(embedder.run(embedder.prepare(list(texts))))
    return np.stack(found)
