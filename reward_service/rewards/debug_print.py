"""A reward that rewards nothing and shows what comes by."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from reward_service.rewards.base import Reward
from reward_service.types import AnnotatedSample, Score, ScoredSample, Verdicts

SHOWN = 2
"""Samples of each batch that are logged."""
MAX_CHARS = 400
"""Characters of a question or answer that are logged."""

_log = logging.getLogger(__name__)


class DebugPrint(Reward):
    """For development: always 0.0, and logs a sample of each batch.  Range 0 … 0.

    Logs at INFO the question, the answer and the scores of the first two samples of a batch.  Longer texts
    end in an ellipsis with the number of characters left out.
    """

    name = "debug_print_reward"
    low, high = 0.0, 0.0
    reads = frozenset()

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        return Score(0.0)

    def observe(self, batch: Sequence[ScoredSample]) -> None:
        for index, scored in enumerate(batch[:SHOWN]):
            sample = scored.sample
            scores = " ".join(
                f"{name}={'none' if score.score is None else format(score.score, '.3f')}"
                for name, score in sorted(scored.scores.items())
            )
            _log.info(
                "sample %d of %d, id %s\n  question: %s\n  answer: %s\n  scores: %s",
                index + 1,
                len(batch),
                shorten(sample.id),
                shorten(sample.question),
                shorten(sample.completion.answer),
                scores,
            )


def shorten(text: str) -> str:
    """One line of at most 400 characters, and an ellipsis that says how many more there were."""
    line = " ".join(text.split())
    left_out = len(line) - MAX_CHARS
    return line if left_out <= 0 else f"{line[:MAX_CHARS]}… [+{left_out} characters]"
