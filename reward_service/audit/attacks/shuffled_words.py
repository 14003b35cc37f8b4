"""All words of the reference in random order."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites


class ShuffledWords(Maker):
    name = "shuffled_words"
    family = "word soup"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return rewrites.shuffle_words(source.reference, rng)
