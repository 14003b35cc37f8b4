"""Does the answer come to an end?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, is_blank, quoted, span_of
from reward_service.types import Sample, Score

SHOWN = 8
"""Words of the end that the message quotes."""


class CutOff(Finder):
    """The answer stops in the middle of a sentence, as where the model's tokens ran out."""

    code = "cut_off"
    unit = "certainty, 0 to 1"
    most = 1.0
    rewards = frozenset({"degeneration_reward"})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        answer = sample.completion.answer
        seen = evidence(scores, "degeneration_reward").get("cut_off") or {}
        certainty = float(seen.get("certainty", 0.0))
        if certainty <= 0 or is_blank(answer):
            return
        words = answer.split()
        shown = quoted(("…" if len(words) > SHOWN else "") + " ".join(words[-SHOWN:]))
        because = f" ({seen['because']})" if seen.get("because") else ""
        yield self.found(
            certainty, f"The answer seems to be cut off at {shown}{because}.", span_of(seen), **seen
        )
