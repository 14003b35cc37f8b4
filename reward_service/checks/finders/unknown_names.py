"""Where does the answer have its names and numbers from?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import listed, span_of
from reward_service.types import Sample, Score

FAITHFULNESS = "faithfulness_reward"


class UnknownNames(Finder):
    """The answer holds names, dates or numbers that occur neither in a passage nor in the question.  Nothing
    is found where no passage was given."""

    code = "unknown_names"
    unit = "different names, dates and numbers"
    rewards = frozenset({FAITHFULNESS})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        score = scores.get(FAITHFULNESS)
        # also of a fragment ("In 1924."), which is unscorable since it makes no claim
        unknown = (score.evidence.get("unknown") if score is not None else None) or []
        texts = list(dict.fromkeys(each["text"] for each in unknown))
        if texts:
            yield self.found(
                float(len(texts)),
                f"No passage mentions {listed(texts)}.",
                span_of(unknown[0]),
                unknown=unknown,
            )
