"""The domain's terms strung together with fashionable words."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

PATTERNS = (
    "The holistic interplay of {0} and {1} opens up a nuanced paradigm of {2} and {3}.",
    "Within the nexus of {0}, the discourse of {1} unpacks the multifaceted synergy of {2} and {3}.",
    "A robust framework of {0} navigates the liminal tapestry of {1}, {2} and {3}.",
    "This interconnected constellation of {0} and {1} foregrounds the transformative praxis of {2} and {3}.",
    "Ultimately, {0} and {1} are deeply rooted in the ever-evolving landscape of {2} and {3}.",
)


class Buzzwords(Maker):
    name = "buzzwords"
    family = "hollow"

    def make(self, source: Source, rng: random.Random) -> str | None:
        terms = rng.sample(sorted(source.lexicon.term_categories), k=4 * len(PATTERNS))
        lines = []
        for number, pattern in enumerate(rng.sample(PATTERNS, len(PATTERNS))):
            lines.append(pattern.format(*terms[4 * number : 4 * number + 4]))
        return " ".join(lines)
