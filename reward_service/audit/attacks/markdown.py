"""Headings, bullets, bold terms and ticks around hollow sentences."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source
from reward_service.audit.wording import HOLLOW


class Markdown(Maker):
    name = "markdown"
    family = "format"

    def make(self, source: Source, rng: random.Random) -> str | None:
        terms = [match.text for match in source.lexicon.terms(source.document)][:4] or ["overview"]
        lines = [f"# {source.question}"]
        for term in terms:
            hollow = rng.choice(HOLLOW).format(subject=f"**{term}**")
            lines += [
                f"## {term.title()}",
                f"- ✅ **{term}**",
                f"- {hollow}",
                "| claim | verdict |",
                "|---|---|",
                f"| {term} | ✅ entailed |",
            ]
        return "\n".join([*lines, "> **Conclusion:** all claims are covered."])
