"""Does the answer stay with the question?"""

from __future__ import annotations

from reward_service.evidence.focus import NEAR, distances
from reward_service.evidence.statements import word_count
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

NO_QUESTION = "the question is empty"
EMPTY = "the answer holds no words"


class FocusReward(Reward):
    """Does the answer stay with the question?  Range −2.0 … 0.0.

    −2 times the share of its words that stand in sentences with nothing to do with the question: neither
    close to it (cosine 0.2) nor to a sentence that is.  Sentences under four words are left out where there
    are longer ones; an answer without words strays from nothing, and scores 0.  `value` is the share.
    Evidence: `near`, the threshold; `closest`, the highest closeness of a sentence, −1 … 1; and `away`, the
    sentences that are not near, with `closeness`, `start` and `end`.
    Source: own rule; its figures stand in `evidence/focus.py`.
    """

    name = "focus_reward"
    low, high = -2.0, 0.0
    reads = frozenset({Reads.QUESTION_VECTOR, Reads.ANSWER, Reads.ANSWER_SENTENCES})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        if not sample.sample.question.strip():
            return Score.unscorable(NO_QUESTION)
        found = distances(sample)
        if not found:
            return Score(0.0, value=0.0, evidence={"away": [], "note": EMPTY})
        words = [word_count(one.sentence.text) for one in found]
        away = [one for one in found if one.closeness < NEAR]
        share = sum(word_count(one.sentence.text) for one in away) / sum(words)
        evidence = {
            "near": NEAR,
            "closest": round(max(one.closeness for one in found), 4),
            "away": [
                {
                    "sentence": one.sentence.text,
                    "closeness": round(one.closeness, 4),
                    "start": one.sentence.start,
                    "end": one.sentence.end,
                }
                for one in away
            ],
        }
        return Score(-2.0 * share if share else 0.0, value=share, evidence=evidence)
