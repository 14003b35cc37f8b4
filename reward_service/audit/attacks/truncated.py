"""The reference broken off in the middle of a sentence, after three tenths of its words."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

SHARE = 0.3


class Truncated(Maker):
    name = "truncated"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        words = source.reference.split()
        return " ".join(words[: int(SHARE * len(words))]) if len(source.sentences) > 2 else None
