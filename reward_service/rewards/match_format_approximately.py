"""Is each tag there exactly once?"""

from __future__ import annotations

from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

RIGHT, WRONG = 0.5, -1.0


class MatchFormatApproximately(Reward):
    """Is each tag there as often as it should be?  Range −2.0 … +1.0.

    +0.5 for exactly one `<think>`, or none where the prompt opened it, else −1.0; +0.5 for exactly one
    `</think>`, else −1.0.  That the prompt opened `<think>` is read off the completion: it closes what it
    never opened.
    Source: REWARDS.md, "Format".
    """

    name = "match_format_approximately"
    low, high = -2.0, 1.0
    reads = frozenset({Reads.TAGS})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        completion = sample.sample.completion
        opened_by_prompt = completion.opened == 0 and completion.closed > 0
        tags = {
            "open": RIGHT if completion.opened == 1 or opened_by_prompt else WRONG,
            "close": RIGHT if completion.closed == 1 else WRONG,
        }
        evidence = {
            "open_tags": completion.opened,
            "close_tags": completion.closed,
            "opened_by_prompt": opened_by_prompt,
            "parts": tags,
        }
        return Score(sum(tags.values()), evidence=evidence)
