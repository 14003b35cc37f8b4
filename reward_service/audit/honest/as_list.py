"""The sentences of the reference as a list of points."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class AsList(Maker):
    name = "as_list"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        texts = source.texts
        return "\n".join(f"- {text}" for text in texts) if len(texts) > 1 else None
