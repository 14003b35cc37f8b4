"""The whole reference, three times."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

TIMES = 3


class RepeatedAnswer(Maker):
    name = "repeated_answer"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join([source.reference] * TIMES)
