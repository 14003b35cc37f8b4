"""The sentences of the reference with subject and object exchanged: who does what to whom."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.models.rewriting import rewrites


class ReversedRoles(Maker):
    name = "reversed_roles"
    family = "reversal"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return changed_only([rewrites.swap_roles(sentence) for sentence in source.sentences])
