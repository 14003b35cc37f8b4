"""The words of each sentence of the reference in random order."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


def _shuffled(text: str, rng: random.Random) -> str:
    """Its words in random order, with a capital and a full stop as a sentence has them."""
    words = text.rstrip(".!?").split()
    rng.shuffle(words)
    joined = " ".join(words)
    return joined[:1].upper() + joined[1:] + "."


class ShuffledSentences(Maker):
    name = "shuffled_sentences"
    family = "word soup"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(_shuffled(text, rng) for text in source.texts)
