"""Fluent praise of the question, with many perspectives and no content."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import HOLLOW

SENTENCES = 7


def _subject(source: Source) -> str:
    """What the question is about, in its own words."""
    terms = source.question.rstrip("?!. ").split()
    return " ".join(terms[-3:])


class Hollow(Maker):
    name = "hollow"
    family = "hollow"

    def make(self, source: Source, rng: random.Random) -> str | None:
        subject = _subject(source)
        lines = rng.sample(HOLLOW, SENTENCES)
        return " ".join(line.format(subject=subject) for line in lines)
