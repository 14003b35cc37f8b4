"""Does the answer say something, or only sound like it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence, listed, span_of
from reward_service.types import Sample, Score

DEPTH = "interconnection_depth_reward"
A_HABIT = 2
"""Different buzzwords from which they are more than a slip."""


class Hollow(Finder):
    """The answer leans on hollow buzzwords, as the domain's lexicon lists them.  One alone is no finding, and
    answers under 20 words are not looked at."""

    code = "hollow"
    unit = "different hollow buzzwords per 100 words"
    rewards = frozenset({DEPTH})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        seen = evidence(scores, DEPTH)
        buzzwords, words = seen.get("buzzwords") or [], int(seen.get("words", 0))
        if len(buzzwords) >= A_HABIT and words:
            yield self.found(
                100.0 * len(buzzwords) / words,
                f"{counted(len(buzzwords), 'hollow phrase')} in {counted(words, 'word')}: "
                f"{listed(each['text'] for each in buzzwords)}.",
                span_of(buzzwords[0]),
                words=words,
                buzzwords=buzzwords,
            )
