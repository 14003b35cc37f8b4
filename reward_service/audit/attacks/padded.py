"""The whole reference, padded with filler to twice its length."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import filler


class Padded(Maker):
    name = "padded"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return f"{source.reference} {filler(len(source.reference.split()), rng)}"
