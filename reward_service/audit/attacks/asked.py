"""Every sentence of the reference as a question."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites


class Asked(Maker):
    name = "asked"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(f"Is it true that {rewrites.uncapital(text).rstrip('.!')}?" for text in source.texts)
