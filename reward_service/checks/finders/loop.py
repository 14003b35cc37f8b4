"""Does the answer say the same again and again?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, percent, quoted, span_of
from reward_service.evidence.statements import word_count
from reward_service.types import Sample, Score

MANY_WORDS, WORD = 8.0, 5
"""Repeated words under which a loop counts in proportion ("No, no, no!" is none); characters for a word
where words are not set apart."""


class Loop(Finder):
    """Words, phrases or sentences are repeated without end, as a model does that has lost its way.  Fewer
    than eight repeated words count in proportion."""

    code = "loop"
    unit = "share of the answer that is repetition"
    most = 1.0
    rewards = frozenset({"degeneration_reward"})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        answer = sample.completion.answer
        loops = evidence(scores, "degeneration_reward").get("loops") or {}
        share, worst = float(loops.get("share", 0.0)), loops.get("worst")
        if share <= 0:
            return
        repeated = share * max(word_count(answer), len(answer) / WORD)
        often = f"{quoted(worst['text'])} stands {worst['times']} times; " if worst else ""
        yield self.found(
            share * min(1.0, repeated / MANY_WORDS),
            f"{often}{percent(share)} of the answer is repetition.",
            span_of(worst),
            share=share,
            worst=worst,
        )
