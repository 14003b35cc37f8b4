"""One good sentence of the reference and as much filler as the rest had words."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import filler

MIN_SENTENCES = 3


class SentenceAndFiller(Maker):
    name = "sentence_and_filler"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        texts = source.texts
        if len(texts) < MIN_SENTENCES:
            return None
        good = rng.choice(texts)
        return f"{good} {filler(len(source.reference.split()) - len(good.split()), rng)}"
