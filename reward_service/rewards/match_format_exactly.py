"""Is the reasoning closed, and does an answer follow?"""

from __future__ import annotations

from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts


class MatchFormatExactly(Reward):
    """Is the reasoning closed by `</think>`, and does an answer follow?  Range 0 … +3.0.

    +3 for exactly one `</think>`, no more than one `<think>` (the prompt may have opened it) before it and
    nothing before that, and text after it; else 0.
    Source: REWARDS.md, "Format".
    """

    name = "match_format_exactly"
    low, high = 0.0, 3.0
    reads = frozenset({Reads.TAGS})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        completion = sample.sample.completion
        evidence = {
            "open_tags": completion.opened,
            "close_tags": completion.closed,
            "defects": list(completion.defects),
            "has_answer": bool(completion.answer),
        }
        return Score(self.high if completion.well_formed else self.low, evidence=evidence)
