"""Does the answer contradict itself?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reward_service.evidence.consistency import Candidate, Selection, candidates, statements
from reward_service.evidence.reported import reported_views
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Pair, Score, Verdicts

CONSISTENT, CONTRADICTORY, TOO_SHORT = 1.0, -2.0, 0.0


class SelfConsistency(Reward):
    """Does the answer contradict itself?  Range −2.0 … +1.0.

    Fewer than two different complete sentences 0; a contradiction between two of them −2; none +1.  Candidate
    pairs are neighbours (up to 2 apart) and sentences close in meaning (cosine 0.6; as many of the closest
    pairs as there are sentences).  They contradict each other if P(contradiction) reaches the NLI model's
    calibrated threshold in both directions.  No candidates: questions; repeated sentences; a sentence that
    reports a view ("Idealists say …", "according to …", "so-called") with one that does not report the same
    holder's view; sentences about different things (neither mentions the other's subject).  `value` is the
    highest P(contradiction) of a pair, the lower of its two directions.
    Source: REWARDS.md; both directions after Mündler et al. 2023 ("Self-contradictory hallucinations").
    """

    name = "self_consistency_reward"
    low, high = -2.0, 1.0
    reads = frozenset({Reads.ANSWER, Reads.ENTITIES, Reads.ANSWER_SENTENCES, Reads.NLI})

    def pairs(self, sample: AnnotatedSample) -> Sequence[Pair]:
        return [pair for candidate in self._candidates(sample).pairs for pair in candidate.both_ways]

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
        spoken = statements(sample.answer)
        if len(spoken) < 2:
            return Score(TOO_SHORT, value=0.0, evidence={"sentences": len(spoken), "note": "fewer than two"})
        selection = self._candidates(sample)
        threshold = verdicts.calibration.sentence_contradicted
        judged = sorted(
            (_judge(candidate, verdicts) for candidate in selection.pairs),
            key=lambda pair: -float(pair["contradiction"]),
        )
        contradictions = [pair for pair in judged if pair["contradiction"] >= threshold]
        evidence = {
            "sentences": len(spoken),
            "pairs": len(judged),
            "pairs_left_out": selection.left_out,
            "threshold": threshold,
            "contradictions": contradictions,
            "strongest": judged[0] if judged else None,
            "reported": [
                {"sentence": sentence.text, "cue": view.cue, "holder": view.holder}
                for sentence in spoken
                for view in reported_views(sample.answer, sentence)
            ],
        }
        value = float(judged[0]["contradiction"]) if judged else 0.0
        return Score(CONTRADICTORY if contradictions else CONSISTENT, value=value, evidence=evidence)

    def next_pairs(self, sample: AnnotatedSample, verdicts: Verdicts) -> Sequence[Pair]:
        """One direction first; the other one only where the first is a contradiction: both must be."""
        threshold = verdicts.calibration.sentence_contradicted
        asked = []
        for candidate in self._candidates(sample).pairs:
            there, back = candidate.both_ways
            forward = verdicts.get(there)
            if forward is None:
                asked.append(there)
            elif forward.contradiction >= threshold and verdicts.get(back) is None:
                asked.append(back)
        return asked

    def _candidates(self, sample: AnnotatedSample) -> Selection:
        return sample.once(
            (candidates, self.lexicon), lambda: candidates(sample.answer, self.lexicon, sample.vectors)
        )


def _judge(candidate: Candidate, verdicts: Verdicts) -> dict[str, Any]:
    there, back_again = candidate.both_ways
    forward = verdicts[there].contradiction
    second = verdicts.get(back_again)
    # Where the way back was not run, the way there is too weak for a contradiction already.
    back = second.contradiction if second is not None else None
    return {
        "first": candidate.first,
        "second": candidate.second,
        "contradiction": forward if back is None else min(forward, back),
        "forward": forward,
        "back": back,
        "apart": candidate.apart,
        "cosine": candidate.cosine,
    }
