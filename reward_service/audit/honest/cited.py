"""The reference with a note on where to read more."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class Cited(Maker):
    name = "cited"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        texts = source.texts
        place = rng.randrange(len(texts))
        texts[place] += " [1]"
        return " ".join(texts) + "\n\n[1] Marxists Internet Archive, www.marxists.org."
