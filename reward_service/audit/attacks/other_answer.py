"""The reference of another question, drawn at random."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class OtherAnswer(Maker):
    name = "other_answer"
    family = "another answer"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.other
