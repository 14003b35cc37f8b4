"""Each claim of the reference quoted and denied: "It is false that …"."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.models.rewriting import rewrites


class DeniedClaims(Maker):
    name = "denied_claims"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return " ".join(rewrites.deny(text, rng) for text in source.texts)
