"""Did the model come to an end of its reasoning?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.types import Sample, Score


class UnclosedReasoning(Finder):
    """A `<think>` is never closed: the model ran out of tokens, and what follows the tag is no answer."""

    code = "unclosed_reasoning"
    unit = "1 where the reasoning is not closed"
    most = 1.0

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        completion = sample.completion
        if "unclosed" in completion.defects:
            yield self.found(
                1.0,
                "The reasoning was never closed, so no answer follows it.",
                open_tags=completion.opened,
                close_tags=completion.closed,
            )
