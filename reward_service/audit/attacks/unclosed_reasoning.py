"""The reference behind a reasoning that is never closed."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source


class UnclosedReasoning(Maker):
    name = "unclosed_reasoning"
    family = "format"

    def make(self, source: Source, rng: random.Random) -> str | None:
        return f"<think>Let me think about the question.\n\n{source.reference}"
