"""Is there an answer?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import is_blank
from reward_service.types import Sample, Score


class Empty(Finder):
    """There is no answer: nothing, or nothing but punctuation, outside of the reasoning."""

    code = "empty"
    unit = "1 where there is no answer"
    most = 1.0

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        completion = sample.completion
        if is_blank(completion.answer):
            behind = ", only reasoning" if completion.reasoning else ""
            yield self.found(
                1.0, f"There is no answer{behind}.", reasoning_characters=len(completion.reasoning)
            )
