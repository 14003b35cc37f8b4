"""Each sentence of the reference turned into a falsehood by one rule or another."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import lexical, rewrites
from reward_service.models.rewriting.corpus import Sentence


class ReversedMixed(Maker):
    name = "reversed_mixed"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return changed_only([self._reversed(sentence, source, rng) for sentence in source.sentences])

    @staticmethod
    def _reversed(sentence: Sentence, source: Source, rng: random.Random) -> str | None:
        ways = [
            rewrites.swap_roles(sentence),
            rewrites.swap_number(sentence, rng),
            lexical.opposite(sentence, source.corpus.forms, rng),
            rewrites.negate_main(sentence),
        ]
        possible = [way for way in ways if way]
        return rng.choice(possible) if possible else None
