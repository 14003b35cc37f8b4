"""A hollow answer that a person wrote: fluent, on the subject by name, without content."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class HollowByHand(Maker):
    name = "hollow_by_hand"
    family = "hollow"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.by_hand.get("hollow")
