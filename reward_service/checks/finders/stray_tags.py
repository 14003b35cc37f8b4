"""Are the reasoning's tags where they belong?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.types import Sample, Score

SAID = {
    "several_open": "several <think>",
    "several_close": "several </think>",
    "close_before_open": "a </think> before the first <think>",
    "text_before_reasoning": "text in front of <think>",
}


class StrayTags(Finder):
    """The reasoning's tags are out of order: repeated, closed before they are opened, or behind some text.
    Reasoning that is never closed has a code of its own."""

    code = "stray_tags"
    unit = "kinds of disorder, of four"
    most = float(len(SAID))

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        completion = sample.completion
        defects = [defect for defect in completion.defects if defect in SAID]
        if defects:
            yield self.found(
                float(len(defects)),
                f"The reasoning's tags are out of order: {', '.join(SAID[defect] for defect in defects)}.",
                defects=defects,
                open_tags=completion.opened,
                close_tags=completion.closed,
            )
