"""Every second sentence of the reference negated, the others as they are."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites


class HalfReversed(Maker):
    name = "half_reversed"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        changed = [
            rewrites.negate_main(sentence) if place % 2 == 0 else None
            for place, sentence in enumerate(source.sentences)
        ]
        if sum(text is not None for text in changed) < 2:
            return None
        return " ".join(new or old for new, old in zip(changed, source.texts, strict=True))
