"""A reversal that a person wrote: fluent, in the reference's vocabulary, and false."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class ReversedByHand(Maker):
    name = "reversed_by_hand"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.by_hand.get("reversal")
