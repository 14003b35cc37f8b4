"""Every sentence of the reference put into the mouth of others: nothing is asserted."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites


class Attributed(Maker):
    name = "attributed"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(rewrites.report(text, rng) for text in source.texts)
