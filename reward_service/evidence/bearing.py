"""How much of an answer bears on what the reference speaks of: padding and repetition weigh nothing.

An answer that entails every claim and says as much again about other things has not answered as well as one
that keeps to the point.  What bears on a claim or on the question is told by embedding, sentence by
sentence.  Pure.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from reward_service.evidence.statements import bare, word_count
from reward_service.remembered import remembered
from reward_service.types import AnnotatedSample, Span

BEARS = 0.45
"""Cosine with a claim, or with the question, from which a sentence bears on it.

Of 23 paraphrases by hand 95 % have at least 0.95 of their words in such sentences; of references padded with
filler to twice their length 95 % have at most half.
"""
NONE_BELOW, ALL_FROM = 0.5, 0.9
"""Shares of bearing words between which the weight of what an answer entails rises from 0 to 1.

An introduction and a closing sentence cost nothing.
"""


class Bearing(NamedTuple):
    """What part of an answer bears on the reference or the question."""

    share: float
    """Of its words, 0 … 1; words of repeated sentences don't count as bearing."""
    weight: float
    """By which the entailment of claims is multiplied, 0 … 1."""
    idle: tuple[str, ...]
    """The sentences that bear on nothing, or repeat another."""

    def evidence(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "share": round(self.share, 4),
            "weight": round(self.weight, 4),
            "idle_sentences": list(self.idle),
        }


@remembered
def bearing(sample: AnnotatedSample) -> Bearing:
    """What part of the answer bears on what the reference says or on the question.

    The question counts where its vector was asked for.  A sentence bears once, or as often as the reference
    has it.  An answer without words bears on nothing.
    """
    wanted = [sample.vectors[sentence.text] for sentence in sample.reference.sentences]
    if sample.sample.question in sample.vectors:
        wanted.append(sample.vectors[sample.sample.question])
    due = Counter(bare(sentence.text) for sentence in sample.reference.sentences)
    said: Counter[str] = Counter()
    useful = total = 0
    idle: list[str] = []
    targets = np.stack(wanted) if wanted else None  # (claims, dimensions)
    for sentence in sample.answer.sentences:
        words = word_count(sentence.text)
        total += words
        key = bare(sentence.text)
        said[key] += 1
        if said[key] <= max(1, due[key]) and targets is not None and _near(targets, sample, sentence):
            useful += words
        elif words:
            idle.append(sentence.text)
    share = useful / total if total else 0.0
    return Bearing(share, min(1.0, max(0.0, (share - NONE_BELOW) / (ALL_FROM - NONE_BELOW))), tuple(idle))


def _near(targets: np.ndarray[Any, Any], sample: AnnotatedSample, sentence: Span) -> bool:
    return bool((targets @ sample.vectors[sentence.text]).max() >= BEARS)
