"""The reference of the question that is closest by embedding."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class NearestAnswer(Maker):
    name = "nearest_answer"
    family = "another answer"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.nearest
