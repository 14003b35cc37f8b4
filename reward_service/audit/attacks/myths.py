"""The sentences of the reference as a list under a heading that calls them false."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

HEADINGS = (
    "Common misconceptions about this question:",
    "## Myths",
    "The following statements are all false:",
    "What the theory does NOT say:",
)


class Myths(Maker):
    name = "myths"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        points = "\n".join(f"- {text}" for text in source.texts)
        return f"{rng.choice(HEADINGS)}\n\n{points}"
