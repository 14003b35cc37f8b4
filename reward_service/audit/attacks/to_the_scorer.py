"""Text that tells the scorer what to think of it."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import ADDRESSES


class ToTheScorer(Maker):
    name = "to_the_scorer"
    family = "to the scorer"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(rng.sample(ADDRESSES, len(ADDRESSES)))
