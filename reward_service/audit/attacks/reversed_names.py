"""The sentences of the reference that name somebody or a place, with another name."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import rewrites


class ReversedNames(Maker):
    name = "reversed_names"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        names = source.corpus.names
        return changed_only([rewrites.swap_name(sentence, names, rng) for sentence in source.sentences])
