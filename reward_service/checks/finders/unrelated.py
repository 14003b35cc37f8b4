"""Is any sentence of the answer close to the question?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence
from reward_service.checks.small_talk import TOPIC, asks_about_something
from reward_service.types import Sample, Score

FOCUS = "focus_reward"


class Unrelated(Finder):
    """Not even the closest sentence of the answer is close to the question: it may be the answer to another
    one that shares its words.  Courtesies and remarks on the conversation ask about nothing, so nothing is
    found."""

    code = "unrelated"
    unit = "1 − the cosine of the question and the sentence closest to it"
    most = 2.0
    rewards = frozenset({FOCUS, TOPIC})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        closest = evidence(scores, FOCUS).get("closest")
        if closest is None or not asks_about_something(scores):
            return
        measure = round(1.0 - float(closest), 4)
        if measure > 0:
            yield self.found(
                measure,
                f"No sentence of the answer is close to the question (at best {float(closest):.2f} of 1).",
                None,
                closest=closest,
            )
