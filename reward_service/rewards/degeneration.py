"""Is the answer broken output: a loop, cut off, or with broken characters?"""

from __future__ import annotations

from reward_service.evidence.degeneration import degeneration
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts


class DegenerationReward(Reward):
    """Is the answer broken output of a language model?  Range −3.0 … 0.0.

    Minus the sum of three severities, each 0 … 1; 0 where nothing is found.  `value` is the sum.
    Loops: (share − 0.05) / 0.25, within 0 … 1, where `share` is the share of the answer's words that repeat
    what it has said (repeated phrases and sentences, cycles, stutter, crowded words; half for refrains, a
    quarter where numbers change), or of its characters in runs of one string; under eight repeated words in
    proportion, and 0.4 at least where a cycle of four times or more repeats eight words in a row.
    Cut off: 1 where the end is certainly unfinished ("the", a comma, an open bracket, an open block of code,
    a reasoning that was never closed), 0.5 where prose ends without a full stop.
    Encoding: 0.3 + 0.14 · broken places per 100 words (of 30 at least), 1 at most: U+FFFD, UTF-8 read as
    Latin-1, unresolved escapes, special tokens, control characters, stray characters of another script.
    An empty answer scores 0, unless the reasoning was never closed: that it is empty is for others to say.

    Evidence: `severities` of `loops`, `cut_off` and `encoding`; `loops` with `share` and `worst` (`text` that
    is repeated, `start` and `end` of the repetition without the first time, `times` in all; or null);
    `cut_off` with `certainty`, `because`, and `start` and `end` of the last words; `encoding` with
    `per_100_words`, `count` and the first ten `places` (`kind`: replaced, mojibake, escape, token, control or
    script; `text`; `start`, `end`).  Spans are characters of the answer as it was read, null where the place
    is not in it any more.
    Source: own rules; false alarms were counted on curated answers, see `evidence/degeneration.py`.
    """

    name = "degeneration_reward"
    low, high = -3.0, 0.0
    reads = frozenset({Reads.TAGS})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        broken = degeneration(sample.sample)
        total = round(sum(broken.severities.values()), 4)
        evidence = broken.evidence()
        if not broken.answer.strip():
            evidence["note"] = "the answer is empty"
        return Score(-total if total else 0.0, value=total, evidence=evidence)
