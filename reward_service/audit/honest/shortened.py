"""The main claims of the reference: three fifths of its sentences, the first and the most central ones."""

from __future__ import annotations

import random
from math import ceil

from reward_service.audit.maker import Maker, Source

SHARE = 0.6
MIN_SENTENCES = 3


class Shortened(Maker):
    name = "shortened"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        texts = source.texts
        if len(texts) < MIN_SENTENCES:
            return None
        count = max(2, ceil(SHARE * len(texts)))
        central = sorted(range(1, len(texts)), key=lambda index: -source.weights[index])[: count - 1]
        return " ".join(texts[index] for index in [0, *sorted(central)])
