"""The sentences of the reference that hold numbers or dates, with wrong ones."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import rewrites


class ReversedNumbers(Maker):
    name = "reversed_numbers"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return changed_only([rewrites.swap_number(sentence, rng) for sentence in source.sentences])
