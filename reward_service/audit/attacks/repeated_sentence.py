"""One good sentence of the reference, eight times."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

TIMES = 8


class RepeatedSentence(Maker):
    name = "repeated_sentence"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join([rng.choice(source.texts)] * TIMES) if len(source.sentences) > 1 else None
