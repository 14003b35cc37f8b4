"""Does the answer entail the reference?"""

from __future__ import annotations

from collections.abc import Sequence

from reward_service.evidence import claims
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Pair, Score, Verdicts

MIN_CHARS = 20
SHORT = -2.0
BANDS: dict[claims.Call, float] = {"entailment": 3.0, "neutral": -1.0, "contradiction": -3.0}


class NliCoherence(Reward):
    """Does the answer entail the reference?  Range −3 … +3.

    A verdict over the reference's claims (its sentences, see `evidence/claims.py`): contradiction −3 where
    the share of contradicted claims reaches the model's threshold, else entailment +3 where the share of
    entailed claims reaches its own and no more than a fifth of them are contradicted word for word, else
    neutral −1. An answer under 20 characters gets −2.  `value` is the share of entailed claims less that of
    contradicted ones, −1 … 1.  The thresholds are calibrated for each NLI model and stored with it. Source:
    SummaC (Laban et al. 2022); bands of REWARDS.md.
    """

    name = "nli_coherence_reward"
    low, high = -3.0, 3.0
    reads = frozenset(
        {Reads.ANSWER, Reads.REFERENCE, Reads.ANSWER_SENTENCES, Reads.REFERENCE_SENTENCES, Reads.NLI}
        | {Reads.QUESTION_VECTOR, Reads.ENTITIES}
    )

    def pairs(self, sample: AnnotatedSample) -> Sequence[Pair]:
        return () if unread(sample) else claims.pairs(sample)

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
        if early := unread(sample):
            return early
        read = claims.readings(sample, verdicts)
        verdict = claims.decide(read, verdicts.calibration)
        entailed, contradicted = claims.shares(read)
        evidence = {
            "verdict": verdict,
            "share_entailed": entailed,
            "share_contradicted": contradicted,
            "needs_entailed": verdicts.calibration.answer_entailed,
            "needs_contradicted": verdicts.calibration.answer_contradicted,
            "bearing": claims.bearing(sample).evidence(),
            "claims": [reading.evidence() for reading in read],
        }
        return Score(BANDS[verdict], value=entailed - contradicted, evidence=evidence)


def unread(sample: AnnotatedSample) -> Score | None:
    """The score of a sample whose claims need not be read; None where they have to be."""
    if claims.reference_of(sample) is None:
        return Score.unscorable(claims.NO_REFERENCE)
    characters = len(sample.sample.completion.answer.strip())
    if characters < MIN_CHARS:
        return Score(SHORT, evidence={"answer_characters": characters, "at_least": MIN_CHARS})
    return None if claims.claims(sample.reference) else Score.unscorable(claims.NO_CLAIM)
