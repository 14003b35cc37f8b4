"""How many of the domain's terms does the answer use?"""

from __future__ import annotations

from reward_service.evidence.matches import distinct, found
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

PER_TERM = 0.3


class Terminology(Reward):
    """How many of the domain's terms does the answer use?  Range 0 … +2.0.

    +0.3 for each distinct term of the lexicon, at most 2.  All wordings of one concept are one term.
    Deprecated: a bare list of terms reaches the top.  `value` is the number of terms.
    Source: REWARDS.md.
    """

    name = "terminology_reward"
    low, high = 0.0, 2.0
    reads = frozenset({Reads.ANSWER})
    deprecated = (
        "A list of terms without a sentence gets the full score, so it can be gamed; use "
        "structural_coherence_reward and interconnection_depth_reward."
    )

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        terms = distinct(self.lexicon.terms(sample.answer))
        score = min(self.high, PER_TERM * len(terms))
        return Score(score, value=float(len(terms)), evidence={"terms": [found(match) for match in terms]})
