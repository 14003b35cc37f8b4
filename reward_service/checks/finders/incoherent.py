"""Are the answer's sentences complete?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence
from reward_service.types import Sample, Score

STRUCTURE = "structural_coherence_reward"
ENOUGH_SENTENCES = 3
"""Fewer are too few for a share: a heading and one sentence would be half incomplete."""


class Incoherent(Finder):
    """Many of the answer's sentences are fragments, or words in no order.  An answer without any complete
    sentence has a code of its own, `no_sentences`; one of fewer than three sentences is not looked at."""

    code = "incoherent"
    unit = "share of the answer's sentences that are incomplete"
    most = 1.0
    rewards = frozenset({STRUCTURE})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        seen = evidence(scores, STRUCTURE)
        every, complete = int(seen.get("sentences", 0)), int(seen.get("complete_sentences", 0))
        if every >= ENOUGH_SENTENCES and 0 < complete < every:
            yield self.found(
                1.0 - complete / every,
                f"Only {complete} of the answer's {every} sentences are complete.",
                sentences=every,
                complete_sentences=complete,
            )
