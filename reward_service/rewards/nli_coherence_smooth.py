"""Does the answer entail the reference, without bands?"""

from __future__ import annotations

from math import fsum

from reward_service.evidence import claims
from reward_service.rewards.nli_coherence import NliCoherence, unread
from reward_service.types import AnnotatedSample, Score, Verdicts


class NliCoherenceSmooth(NliCoherence):
    """Does the answer entail the reference, as a mean over its claims?  Range −3 … +3.

    Mean over the reference's claims of 3·P(entailment) − 1·P(neutral) − 3·P(contradiction): the table of
    `nli_coherence_reward` weighted with the probabilities, so that answers of one group seldom tie.  An
    answer under 20 characters gets −2.  `value` is the score.  Source: SummaC (Laban et al. 2022);
    REWARDS.md.
    """

    name = "nli_coherence_smooth_reward"

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
        if early := unread(sample):
            return early
        read = claims.readings(sample, verdicts)
        mean = fsum(reading.band for reading in read) / len(read)
        mean = max(self.low, min(self.high, mean))  # rounding alone can carry it past an end
        evidence = {
            "bearing": claims.bearing(sample).evidence(),
            "claims": [reading.evidence() for reading in read],
        }
        return Score(mean, value=mean, evidence=evidence)
