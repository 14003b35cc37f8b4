"""A good start, and then terms upon terms."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

MORE = 40
MIN_SENTENCES = 3


class KeywordStuffing(Maker):
    name = "keyword_stuffing"
    family = "padding"

    def make(self, source: Source, rng: random.Random) -> str | None:
        if len(source.sentences) < MIN_SENTENCES:
            return None
        own = [match.text for match in source.lexicon.terms(source.document)]
        others = rng.sample(sorted(source.lexicon.term_categories), k=MORE)
        return f"{source.texts[0]} {', '.join([*own, *others])}."
