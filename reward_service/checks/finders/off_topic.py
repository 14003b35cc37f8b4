"""Does the answer speak about what was asked?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, listed
from reward_service.checks.small_talk import TOPIC, asks_about_something
from reward_service.types import Sample, Score


class OffTopic(Finder):
    """The answer does not take up what the question asks about.  Courtesies and remarks on the
    conversation ("Thanks!", "Explain that again") name no topic, and a reply under 20 characters is left to
    `too_short`."""

    code = "off_topic"
    unit = "share of the question's topics that the answer does not take up"
    most = 1.0
    rewards = frozenset({TOPIC})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        seen = evidence(scores, TOPIC)
        if "share" not in seen or not asks_about_something(scores):
            return
        measure = round(1.0 - float(seen["share"]), 4)
        if measure <= 0:
            return
        missing = [topic["topic"] for topic in seen["topics"] if topic["share"] == 0]
        message = (
            f"The question asks about {listed(missing)}, which the answer does not take up."
            if missing
            else "The answer takes up only a part of what the question asks about."
        )
        yield self.found(measure, message, None, **seen)
