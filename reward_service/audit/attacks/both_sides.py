"""Each sentence of the reference followed by its own negation: whatever is asked, it is there."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import rewrites


class BothSides(Maker):
    name = "both_sides"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        pairs = [
            (text, rewrites.negate_main(sentence))
            for text, sentence in zip(source.texts, source.sentences, strict=True)
        ]
        both = [f"{text} {negated}" for text, negated in pairs if negated]
        return changed_only(both)
