"""Does the answer stay with the question?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, percent, quoted, span_of
from reward_service.checks.small_talk import TOPIC, asks_about_something
from reward_service.types import Sample, Score

FOCUS = "focus_reward"


class Adrift(Finder):
    """Sentences that have nothing to do with the question, by their vectors: padding, another answer behind
    the right one.  Courtesies and remarks on the conversation ask about nothing, so nothing is found."""

    code = "adrift"
    unit = "share of the answer's words in sentences far from the question"
    most = 1.0
    rewards = frozenset({FOCUS, TOPIC})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        away = evidence(scores, FOCUS).get("away") or []
        if not away or not asks_about_something(scores):
            return
        share = float(scores[FOCUS].value or 0.0)
        farthest = min(away, key=lambda one: float(one["closeness"]))
        yield self.found(
            share,
            f"{percent(share)} of the answer has nothing to do with the question, such as "
            f"{quoted(farthest['sentence'])}.",
            span_of(farthest),
            sentences=away,
        )
