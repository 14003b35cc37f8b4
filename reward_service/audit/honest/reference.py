"""The reference itself."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class Reference(Maker):
    name = "reference"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return source.reference
