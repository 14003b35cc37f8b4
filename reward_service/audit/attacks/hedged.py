"""Every sentence of the reference as a mere possibility: nothing is asserted."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites

HEDGES = (
    "It may or may not be the case that {}",
    "It is not known whether {}",
    "One might wonder whether {}",
    "Nobody can say whether {}",
    "It remains an open question whether {}",
)


class Hedged(Maker):
    name = "hedged"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(rng.choice(HEDGES).format(rewrites.uncapital(text)) for text in source.texts)
