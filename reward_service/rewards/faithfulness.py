"""Does the answer keep to the passages that it was to rest on?"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from reward_service.evidence import faithfulness
from reward_service.evidence.answer_claims import claim_sentences
from reward_service.evidence.faithfulness import SentenceVerdict
from reward_service.evidence.unknown import unknown
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Pair, Score, Verdicts

BANDS: dict[SentenceVerdict, float] = {"supported": 3.0, "unsupported": -1.0, "contradicted": -3.0}


class Faithfulness(Reward):
    """Does the answer say only what the given passages say?  Range −3 … +3.

    Mean over the answer's claims of +3 for one that a passage entails, −1 for one that none does, and −3
    for one that a passage contradicts.  A claim is a complete sentence that is no question, greeting, offer,
    open doubt or talk about the answer itself; each distinct one counts once.  It is read against the closest
    sentences of all passages (see `evidence/faithfulness.py`), with the NLI model's calibrated thresholds;
    one with a date that no passage has is supported by none.  None without passages, and where the answer
    makes no claim.  `value` is the share of supported claims less that of contradicted ones, −1 … 1.  Names,
    dates and numbers that neither the passages nor the question have are listed in the evidence (`unknown`);
    names and numbers change no score.
    Source: SummaC (Laban et al. 2022), RAGAS faithfulness (Es et al. 2023); bands of `nli_coherence_reward`.
    """

    name = "faithfulness_reward"
    low, high = -3.0, 3.0
    reads = frozenset(
        {Reads.ANSWER, Reads.ANSWER_SENTENCES, Reads.PASSAGES, Reads.PASSAGE_SENTENCES}
        | {Reads.ENTITIES, Reads.NLI}
    )

    def pairs(self, sample: AnnotatedSample) -> Sequence[Pair]:
        return faithfulness.pairs(sample)

    def next_pairs(self, sample: AnnotatedSample, verdicts: Verdicts) -> Sequence[Pair]:
        return faithfulness.next_pairs(sample, verdicts)

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
        if not any(sample.sample.passages):
            return Score.unscorable(faithfulness.NO_PASSAGE)
        named = [one._asdict() for one in unknown(sample)]
        if not claim_sentences(sample.answer):
            return Score.unscorable(faithfulness.NO_CLAIM, sentences=[], unknown=named)
        read = faithfulness.readings(sample, verdicts)
        if not read:
            return Score.unscorable(faithfulness.NO_SENTENCE, sentences=[], unknown=named)
        count = {verdict: sum(one.verdict == verdict for one in read) for verdict in BANDS}
        shares = {f"share_{verdict}": count[verdict] / len(read) for verdict in BANDS}
        evidence = {
            "sentences": [one.evidence() for one in read],
            "unknown": named,
            **shares,
            "needs_entailed": verdicts.calibration.claim_entailed,
            "needs_contradicted": verdicts.calibration.claim_contradicted,
        }
        mean = fsum(BANDS[verdict] * count[verdict] for verdict in BANDS) / len(read)
        return Score(mean, value=(count["supported"] - count["contradicted"]) / len(read), evidence=evidence)
