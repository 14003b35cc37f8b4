"""A paraphrase that a person wrote: other words, another syntax."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class Paraphrase(Maker):
    name = "paraphrase"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.by_hand.get(self.name)
