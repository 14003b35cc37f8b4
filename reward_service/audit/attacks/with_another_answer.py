"""The whole reference, and behind it the reference of another question."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class WithAnotherAnswer(Maker):
    name = "with_another_answer"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return f"{source.reference} {source.other}"
