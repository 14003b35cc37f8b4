"""A hollow answer in German, French or Spanish with the question's own words in it."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import FOREIGN


class AnotherLanguage(Maker):
    name = "another_language"
    family = "another language"

    def make(self, source: Source, rng: random.Random) -> str | None:
        bare = source.question.rstrip("?!. ")
        return rng.choice(FOREIGN).format(question=bare)
