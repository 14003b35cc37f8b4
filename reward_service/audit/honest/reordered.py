"""The sentences of the reference in another order; one that leans on its neighbour stays beside it."""

from __future__ import annotations

import random

from reward_service.audit.leaning import blocks
from reward_service.audit.maker import Maker, Source


class Reordered(Maker):
    name = "reordered"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        movable = blocks(source.texts)
        if len(movable) < 2:
            return None
        moved = rng.sample(movable, len(movable))
        return " ".join(moved if moved != movable else moved[::-1])
