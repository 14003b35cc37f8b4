"""Honest and attacked answers to a curated question, made by rule: what thresholds are chosen on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from spacy.tokens import Doc, Span

from reward_service.models.rewriting import rewrites
from reward_service.models.rewriting.corpus import sentences_of

_SHORTENED = 2 / 3


def variants(doc: Doc, other: Doc, participles: Mapping[str, str], rng: random.Random) -> dict[str, str]:
    """An answer of every kind that rules can make, from a parsed reference and the parsed one of another
    question."""
    sentences = sentences_of(doc)
    texts = [sentence.text.strip() for sentence in sentences]
    kept = sorted(rng.sample(range(len(texts)), max(1, round(len(texts) * _SHORTENED))))
    return {
        "self": doc.text,
        "reordered": " ".join(rng.sample(texts, len(texts))),
        "reworded": " ".join(_reworded(sentence, participles, rng) for sentence in sentences),
        "shortened": " ".join(texts[index] for index in kept),
        "negated": " ".join(negated(sentences)),
        "other": other.text,
        "shuffled": " ".join(rewrites.shuffle_words(text, rng) for text in texts),
    }


def negated(sentences: Sequence[Span]) -> list[str]:
    """Each sentence with its main predicate negated; "It is false that …" where no rule applies."""
    found: list[str] = []
    for sentence in sentences:
        found.append(rewrites.negate_main(sentence) or rewrites.deny(sentence.text.strip(), random.Random(0)))
    return found


def _reworded(sentence: Span, participles: Mapping[str, str], rng: random.Random) -> str:
    """The sentence in the passive, without a clause, or affirmed in other words: the first that applies."""
    changed = rewrites.passive(sentence, participles) or rewrites.drop_clause(sentence, rng)
    return changed or rewrites.assure(sentence.text.strip(), rng)
