"""Does an answer keep to the passages that it was to rest on, sentence by sentence?

Of each sentence of the answer that claims something: is it entailed by the passages, contradicted by them, or
neither?  This is `claims.py` the other way round: there the answer has to say what a reference says, here
nothing beyond what the passages say.  The premises for a sentence are the closest few sentences of all
passages that bear on it, each alone, and the closest one with its neighbours in its passage, so four as a
rule.  A sentence that a passage has word for word is supported without asking a model, a near-copy with
another number, name or negation contradicts one, and what a passage denies, asks or reports as somebody's
say-so supports nothing.  Where a model alone finds a contradiction, it has to find it in both directions.
After SummaC (Laban et al. 2022) and the faithfulness of RAGAS (Es et al. 2023), which splits an answer into
statements and asks of each whether the context gives it.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from reward_service.evidence import claims
from reward_service.evidence.difference import Difference
from reward_service.evidence.passages import Looked, looked_up
from reward_service.evidence.premises import Plan
from reward_service.evidence.statements import same
from reward_service.evidence.unknown import unknown
from reward_service.types import AnnotatedSample, Pair, Span, Verdict, Verdicts

NO_PASSAGE = "no passage was given"
NO_SENTENCE = "the passages hold no words"
NO_CLAIM = "the answer makes no claim"

SentenceVerdict = Literal["supported", "unsupported", "contradicted"]
_VERDICTS: dict[claims.Call, SentenceVerdict] = {
    "entailment": "supported",
    "neutral": "unsupported",
    "contradiction": "contradicted",
}
EITHER_WAY = 0.5
"""P(contradiction), the mean of both directions, from which a model's word for a contradiction is taken.

Of 23 paraphrases by hand, read against what they paraphrase, one direction at the calibrated threshold calls
6 % of the sentences contradicted.  None of these reaches this bar; of the sentences of reversals by hand that
are called so, 79 % do.
"""
_SAME = Verdict(1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What the passages say of one sentence of the answer."""

    sentence: str
    start: int
    end: int
    """Characters [start, end) of the answer."""
    verdict: SentenceVerdict
    passage: int | None
    """Number of the passage that supports or contradicts it; None where none does."""
    support: str | None
    """What supports it; None unless it is supported."""
    against: str | None
    """What contradicts it; None unless it is contradicted."""
    entailment: float
    contradiction: float
    closest: str | None
    """The closest sentence of the passages, whatever it says."""
    differs: Difference | None = None
    """How the sentence differs from `against`, where it is a false copy of it."""
    unknown_date: str | None = None
    """The date for whose sake it is unsupported, though a model finds it entailed."""

    def evidence(self) -> dict[str, Any]:
        """The reading as plain JSON values."""
        return {
            "sentence": self.sentence,
            "start": self.start,
            "end": self.end,
            "verdict": self.verdict,
            "passage": self.passage,
            "support": self.support,
            "against": self.against,
            "entailment": round(self.entailment, 4),
            "contradiction": round(self.contradiction, 4),
            "closest": self.closest,
            "differs": self.differs.evidence() if self.differs is not None else None,
            "unknown_date": self.unknown_date,
        }


def pairs(sample: AnnotatedSample) -> tuple[Pair, ...]:
    """The pairs (sentences of the passages, sentence of the answer) that `readings` may look up."""
    return tuple(
        dict.fromkeys(
            pair
            for looked in looked_up(sample)
            if looked.plan is not None
            for pair in (*_asked(looked.plan), *_asked_back(looked.plan))
        )
    )


def next_pairs(sample: AnnotatedSample, verdicts: Verdicts) -> list[Pair]:
    """The pairs that are still needed: at first the closest sentence of each claim, then the others if it
    does not settle the matter, and the other direction if it would be a contradiction."""
    wanted: dict[Pair, None] = {}
    for looked in looked_up(sample):
        if looked.plan is not None:
            wanted.update(dict.fromkeys(_open(looked.plan, verdicts)))
    return list(wanted)


def readings(sample: AnnotatedSample, verdicts: Verdicts) -> tuple[SentenceReading, ...]:
    """What the passages say of each claim of the answer; empty where it makes none.

    A claim with a date that no passage has is supported by none, whatever the model says: to it one year is
    much like another.
    """
    read = ((_read(looked, verdicts), looked) for looked in looked_up(sample))
    dates = [one.text for one in unknown(sample) if one.kind == "date"]
    return tuple(one if looked.plan is None else _without_strange_dates(one, dates) for one, looked in read)


def _without_strange_dates(read: SentenceReading, dates: Sequence[str]) -> SentenceReading:
    found = next((date for date in dates if date.casefold() in read.sentence.casefold()), None)
    if found is None or read.verdict != "supported":
        return read
    return replace(read, verdict="unsupported", passage=None, support=None, unknown_date=found)


def _asked(plan: Plan) -> Iterator[Pair]:
    """The pairs of a plan, the closest sentence's first."""
    for premise in plan.premises:
        if premise.difference is None and not same(premise.text, plan.claim):
            yield Pair(premise.text, plan.claim)


def _asked_back(plan: Plan) -> Iterator[Pair]:
    """The other direction of those pairs that may be contradictions by a model's word alone."""
    for premise in plan.premises:
        if premise.opposes and not same(premise.text, plan.claim):
            yield Pair(plan.claim, premise.text)


def _open(plan: Plan, verdicts: Verdicts) -> list[Pair]:
    """The pairs of one claim that are still needed."""
    asked = list(_asked(_cut(plan, verdicts)))
    open_ = [pair for pair in asked if verdicts.get(pair) is None]
    if open_:
        return open_[:1] if _may_settle(plan) and open_[0] == asked[0] else open_
    back = _back(claims.read(_cut(plan, verdicts), verdicts))
    return [back] if back is not None and verdicts.get(back) is None else []


def _may_settle(plan: Plan) -> bool:
    """Whether the first premise can settle a claim by entailing it: nothing in the passages denies it."""
    return bool(plan.premises) and all(
        premise.difference is None and premise.denial is None for premise in plan.premises
    )


def _cut(plan: Plan, verdicts: Verdicts) -> Plan:
    """The plan without the premises that can't change the call any more."""
    if not _may_settle(plan):
        return plan
    text = plan.premises[0].text
    first = _SAME if same(text, plan.claim) else verdicts.get(Pair(text, plan.claim))
    if first is None or first.entailment < verdicts.calibration.claim_entailed:
        return plan
    return plan._replace(premises=plan.premises[:1]) if first.entailment > first.contradiction else plan


def _back(read: claims.ClaimReading) -> Pair | None:
    """The other direction of a contradiction that rests on a model's word alone; None for any other call."""
    if read.call != "contradiction" or read.outright or read.against is None:
        return None
    return Pair(read.claim, read.against)


def _call(plan: Plan, verdicts: Verdicts) -> claims.ClaimReading:
    read = claims.read(plan, verdicts)
    back = _back(read)
    if back is None:
        return read
    there = verdicts[Pair(back.hypothesis, back.premise)]
    if (there.contradiction + verdicts[back].contradiction) / 2 >= EITHER_WAY:
        return read
    doubted = tuple(premise._replace(opposes=False) for premise in plan.premises)
    return claims.read(plan._replace(premises=doubted), verdicts)


def _read(looked: Looked, verdicts: Verdicts) -> SentenceReading:
    claim = looked.claim
    first, closest = looked.nearest[0]
    if looked.plan is None:
        return SentenceReading(
            claim.text, claim.start, claim.end, "supported", first, closest.text, None, 1.0, 0.0, closest.text
        )
    read = _call(_cut(looked.plan, verdicts), verdicts)
    verdict = _VERDICTS[read.call]
    support = read.support if verdict == "supported" else None
    against = read.against if verdict == "contradicted" else None
    return SentenceReading(
        claim.text,
        claim.start,
        claim.end,
        verdict,
        _home(support or against, looked.nearest),
        support,
        against,
        read.entailment,
        read.contradiction,
        closest.text,
        read.differs if verdict == "contradicted" else None,
    )


def _home(premise: str | None, nearest: Sequence[tuple[int, Span]]) -> int | None:
    """The number of the passage that a premise was taken from: a sentence, a part of it, or several."""
    if premise is None:
        return None
    for number, sentence in nearest:
        if sentence.text == premise:
            return number
    return next(
        (number for number, sentence in nearest if sentence.text in premise or premise in sentence.text),
        nearest[0][0],
    )
