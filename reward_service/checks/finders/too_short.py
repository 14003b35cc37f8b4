"""Is the answer long enough to say something?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, is_blank
from reward_service.checks.small_talk import TOPIC, asks_about_something
from reward_service.evidence.statements import word_count
from reward_service.types import Sample, Score

ENOUGH = 20
"""Words from which an answer is long enough, whatever was asked."""


class TooShort(Finder):
    """The answer to a question about something has fewer than 20 words.  A courtesy or a remark on the
    conversation, which names no topic, may get any short reply."""

    code = "too_short"
    unit = f"words that are missing to {ENOUGH}"
    most = float(ENOUGH)
    rewards = frozenset({TOPIC})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        answer = sample.completion.answer
        words = word_count(answer)
        if words < ENOUGH and asks_about_something(scores) and not is_blank(answer):
            has = f"has only {counted(words, 'word')}" if words else "has no words"
            yield self.found(float(ENOUGH - words), f"The answer {has}.", words=words)
