"""The sentences of the reference with a word turned into its opposite."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import lexical


class ReversedByOpposites(Maker):
    name = "reversed_by_opposites"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        forms = source.corpus.forms
        return changed_only([lexical.opposite(sentence, forms, rng) for sentence in source.sentences])
