"""The reference between several blocks of reasoning; the answer behind the last is hollow."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import HOLLOW


class SeveralReasonings(Maker):
    name = "several_reasonings"
    family = "format"

    def make(self, source: Source, rng: random.Random) -> str | None:
        tail = " ".join(line.format(subject="the question") for line in rng.sample(HOLLOW, 2))
        return f"<think>First.</think>{source.reference}<think>Once more: {source.reference}</think>{tail}"
