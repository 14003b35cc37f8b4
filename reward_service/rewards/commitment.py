"""Does the answer stand for what it says?"""

from __future__ import annotations

from reward_service.evidence.commitment import statements_and_uttered
from reward_service.evidence.statements import word_count
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

EMPTY = "the answer holds no words"


class CommitmentReward(Reward):
    """Does the answer stand for what it says?  Range −2.0 … 0.0.

    −2 times the share of its words that stand in sentences which it utters and does not state: questions,
    things left open or said by nobody in particular ("nobody can say whether …", "some critics claim …"), and
    what it denies as a whole ("… None of this is true.").  A view with a named holder is stated.  Sentences
    under four words are left out where there are longer ones; an answer without words utters nothing, and
    scores 0.  `value` is the share.  Evidence: `uttered`, with `manner` (asked, left
    open, denied), `cue`, `start` and `end`.
    Source: own rules, closed lists of English forms.
    """

    name = "commitment_reward"
    low, high = -2.0, 0.0
    reads = frozenset({Reads.ANSWER})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        full, uttered = statements_and_uttered(sample.answer)
        if not full:
            return Score(0.0, value=0.0, evidence={"uttered": [], "note": EMPTY})
        words = sum(word_count(sentence.text) for sentence in full)
        share = sum(word_count(one.sentence.text) for one in uttered) / words
        evidence = {
            "uttered": [
                {
                    "sentence": one.sentence.text,
                    "manner": one.manner,
                    "cue": one.cue,
                    "start": one.sentence.start,
                    "end": one.sentence.end,
                }
                for one in uttered
            ]
        }
        return Score(-2.0 * share if share else 0.0, value=share, evidence=evidence)
