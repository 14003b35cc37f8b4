"""The question again and again, and as a statement."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class QuestionEchoed(Maker):
    name = "question_echoed"
    family = "hollow"

    def make(self, source: Source, rng: random.Random) -> str | None:
        bare = source.question.rstrip("?!. ")
        return (
            f"{source.question} The question is: {bare[:1].lower()}{bare[1:]}. To answer “{bare}”, "
            f"one has to ask {bare[:1].lower()}{bare[1:]}. {source.question}"
        )
