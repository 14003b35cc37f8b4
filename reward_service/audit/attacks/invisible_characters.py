"""A reversal whose negations are broken up by zero-width characters."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.audit.wording import disguise
from reward_service.models.rewriting import rewrites

ZERO_WIDTH = "\u200b"


class InvisibleCharacters(Maker):
    name = "invisible_characters"
    family = "characters"

    def make(self, source: Source, rng: random.Random) -> str | None:
        negated = changed_only([rewrites.negate_main(sentence) for sentence in source.sentences])
        return None if negated is None else disguise(negated, ZERO_WIDTH.join)
