"""A reversal whose negations are spelt with look-alike letters of other alphabets."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source, changed_only
from reward_service.audit.wording import disguise
from reward_service.models.rewriting import rewrites

CYRILLIC = str.maketrans("aeopcxyvi", "аеорсхуѵі")


class LookAlikes(Maker):
    name = "look_alikes"
    family = "characters"

    def make(self, source: Source, rng: random.Random) -> str | None:
        negated = changed_only([rewrites.negate_main(sentence) for sentence in source.sentences])
        return None if negated is None else disguise(negated, lambda word: word.translate(CYRILLIC))
