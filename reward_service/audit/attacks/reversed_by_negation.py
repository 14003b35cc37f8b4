"""Every sentence of the reference with its main predicate negated."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import rewrites


class ReversedByNegation(Maker):
    name = "reversed_by_negation"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return changed_only([rewrites.negate_main(sentence) for sentence in source.sentences])
