"""Finds texts that are equal, and texts that are nearly so.

Questions are short and all embedded.  Answers are long, and embedding them all would take a minute for 600 of
them on two cores; so only answers that share rare words with another are embedded at all.  On 584 real pairs
that reaches every pair of a cosine of 0.9 and one in four of the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trainer.dataset.embedding import Embedder, EmbeddingUnavailable, Report, Vectors
from trainer.dataset.sentences import plain

THRESHOLD = 0.9
"""Cosine from which two texts count as near-duplicates.  In 584 real pairs two pairs of questions and one of
answers reach it, each worth a look; so do two thirds of 46 answers with their paraphrases."""
SHARED_WORDS = 0.25
"""Cosine of tf-idf from which two answers are embedded; of 46 paraphrases the farthest has 0.285."""
BLOCK = 1024


class Near(NamedTuple):
    """Two texts, by their places, the earlier first."""

    first: int
    second: int
    cosine: float


def equal(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of the first text and of each later one with the same words in the same order."""
    seen: dict[str, int] = {}
    for place, text in enumerate(texts):
        key = plain(text) or text.strip()
        if key in seen:
            yield seen[key], place
        else:
            seen[key] = place


def near_questions(
    texts: Sequence[str], embedder: Embedder, threshold: float, report: Report | None = None
) -> list[Near]:
    """Pairs of texts whose cosine reaches the threshold; all texts are embedded."""
    return list(_pairs(embedder.embed(texts, report), threshold))


def near_answers(
    texts: Sequence[str], embedder: Embedder, threshold: float, report: Report | None = None
) -> list[Near]:
    """The same for long texts: only those that share rare words with another are embedded.

    Raises:
        EmbeddingUnavailable: scikit-learn is missing.
    """
    chosen = sorted({place for pair in _sharing_words(texts) for place in pair})
    pairs = _pairs(embedder.embed([texts[place] for place in chosen], report), threshold)
    return [Near(chosen[first], chosen[second], cosine) for first, second, cosine in pairs]


def _sharing_words(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise EmbeddingUnavailable("scikit-learn is not installed") from error
    try:
        weights = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no text holds a word that counts
        return
    for begin in range(0, len(texts), BLOCK):
        close = (weights[begin : begin + BLOCK] @ weights.T).tocoo()
        wanted = (close.data >= SHARED_WORDS) & (begin + close.row < close.col)
        for row, column in zip(close.row[wanted], close.col[wanted], strict=True):
            yield begin + int(row), int(column)


def _pairs(vectors: Vectors, threshold: float) -> Iterator[Near]:
    """In blocks: all cosines of a large set at once would not fit into memory."""
    for begin in range(0, len(vectors), BLOCK):
        cosines = vectors[begin : begin + BLOCK] @ vectors.T
        for row, second in np.argwhere(cosines >= threshold):
            first = begin + int(row)
            if first < second:
                yield Near(first, int(second), float(cosines[row, second]))
