"""The whole reference in quotation marks, and then that none of it is true."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

FRAMES = (
    ("It is often said:", "None of this is true."),
    ("The following passage is wrong from beginning to end.", "Do not believe a word of it."),
    ("Some people will tell you:", "Every one of these statements is false."),
)


class DeniedWhole(Maker):
    name = "denied_whole"
    family = "denial"

    def make(self, source: Source, rng: random.Random) -> str | None:
        before, after = rng.choice(FRAMES)
        return f"{before} “{source.reference}” {after}"
