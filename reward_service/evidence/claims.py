"""The claims of a reference, and what the answer says of each.

A claim is a sentence of the reference.  The premises for it are drawn from the answer: the few sentences
closest to it by embedding, each alone, and the closest one with its neighbours.  Entailment is the best that
any premise gives; contradiction counts only from the closest sentence, if that speaks about the claim and
reports nobody else's view, or from a sentence that states the claim and is denied.  A sentence that
contradicts the claim outright caps the entailment, whatever its neighbours give.  Questions, open doubts and
other people's say-so support nothing, a near-copy with another number, name or negation contradicts, shuffled
words assert nothing, and the more of an answer is padding or repetition, the less what it entails weighs.
After SummaC (Laban et al. 2022), which scores a text by the best sentence-level premise for each sentence,
with these rules added against gaming.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reward_service.evidence.bearing import bearing
from reward_service.evidence.difference import Difference
from reward_service.evidence.premises import Plan, plans
from reward_service.evidence.statements import claims, same
from reward_service.types import AnnotatedSample, Calibration, Pair, Verdict, Verdicts

__all__ = [
    "Call",
    "ClaimReading",
    "bearing",
    "claims",
    "decide",
    "pairs",
    "read",
    "readings",
    "reference_of",
    "shares",
]

NO_REFERENCE = "no reference was given"
NO_CLAIM = "the reference holds no words"

Call = Literal["entailment", "neutral", "contradiction"]

OUTRIGHT = 0.2
"""An answer that states the contrary of a larger share of the claims, word for word, does not entail them."""

_SAME = Verdict(1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """What the answer says of one claim; the three probabilities sum to 1."""

    claim: str
    sentences: tuple[str, ...]
    """The closest sentences of the answer, the closest first."""
    cosines: tuple[float, ...]
    """Their cosines with the claim."""
    entailment: float
    neutral: float
    contradiction: float
    call: Call
    support: str | None
    """The premise that gives `entailment`; None where the answer offers none."""
    against: str | None
    """The sentence that gives `contradiction`; None where no sentence may contradict the claim."""
    denied_by: str | None
    """The sentence that denies `against`, where the contradiction is a denial."""
    differs: Difference | None
    """How `against` differs from the claim, where it is a false copy of it."""

    @property
    def band(self) -> float:
        """3·P(entailment) − 1·P(neutral) − 3·P(contradiction)."""
        return 3.0 * self.entailment - self.neutral - 3.0 * self.contradiction

    @property
    def outright(self) -> bool:
        """The claim is contradicted in so many words: by a false copy of it, or by a denial."""
        return self.call == "contradiction" and (self.differs is not None or self.denied_by is not None)

    def evidence(self) -> dict[str, Any]:
        """The reading as plain JSON values."""
        return {
            "claim": self.claim,
            "verdict": self.call,
            "support": self.support,
            "against": self.against,
            "denied_by": self.denied_by,
            "differs": self.differs.evidence() if self.differs is not None else None,
            "closest": self.sentences[0] if self.sentences else None,
            "cosine": round(self.cosines[0], 4) if self.cosines else None,
            "entailment": round(self.entailment, 4),
            "neutral": round(self.neutral, 4),
            "contradiction": round(self.contradiction, 4),
        }


def reference_of(sample: AnnotatedSample) -> str | None:
    """The text of the reference; None where it is missing, empty or white space."""
    return (sample.sample.reference or "").strip() or None


def pairs(sample: AnnotatedSample) -> tuple[Pair, ...]:
    """The pairs (answer's premise, claim) that `readings` looks up, each once."""
    return tuple(
        dict.fromkeys(
            Pair(premise.text, plan.claim)
            for plan in plans(sample)
            for premise in plan.premises
            if premise.difference is None and not same(premise.text, plan.claim)
        )
    )


def readings(sample: AnnotatedSample, verdicts: Verdicts) -> tuple[ClaimReading, ...]:
    """What the answer says of each claim of the reference; empty where the reference holds no words."""
    weight = bearing(sample).weight
    return tuple(read(plan, verdicts, weight) for plan in plans(sample))


def shares(read: Sequence[ClaimReading]) -> tuple[float, float]:
    """The shares of claims that are entailed and that are contradicted, each 0 … 1."""
    entailed = sum(reading.call == "entailment" for reading in read)
    contradicted = sum(reading.call == "contradiction" for reading in read)
    return entailed / len(read), contradicted / len(read)


def decide(read: Sequence[ClaimReading], calibration: Calibration) -> Call:
    """The verdict of the whole answer on the whole reference, from one reading or more.

    Contradiction where the share of contradicted claims reaches its threshold, else entailment where that of
    entailed ones does, unless the answer says the contrary of more than a fifth of the claims in so many
    words.
    """
    entailed, contradicted = shares(read)
    if contradicted >= calibration.answer_contradicted:
        return "contradiction"
    outright = sum(reading.outright for reading in read) / len(read)
    supported = entailed >= calibration.answer_entailed and outright <= OUTRIGHT
    return "entailment" if supported else "neutral"


def read(plan: Plan, verdicts: Verdicts, weight: float = 1.0) -> ClaimReading:
    """What the premises of a plan say of its claim; ``weight`` multiplies their entailment."""
    entailment, contradiction = 0.0, 0.0
    support = against = denied_by = differs = None
    overruled = False
    for premise in plan.premises:
        if premise.difference is not None:
            differs, overruled = premise.difference, True
            contradiction, against, denied_by = premise.difference.overlap, premise.text, None
            continue
        identical = same(premise.text, plan.claim)
        verdict = _SAME if identical else verdicts[Pair(premise.text, plan.claim)]
        if premise.denial is not None:
            # The sentence states the claim, and the answer denies it.
            if verdict.entailment > contradiction:
                contradiction, against, denied_by = verdict.entailment, premise.text, premise.denial.cue
                differs = None
            continue
        if premise.supports and verdict.entailment > entailment:
            entailment, support = verdict.entailment, premise.text
        if premise.opposes and verdict.contradiction > contradiction:
            contradiction, against, denied_by = verdict.contradiction, premise.text, None
            differs = None
            overruled = overruled or verdict.contradiction > verdict.entailment
    if overruled or denied_by is not None:
        # What the closest sentence says against the claim, its neighbours and lesser sentences can't undo.
        entailment = min(entailment, 1.0 - contradiction)
    entailment *= weight
    outright = differs is not None or denied_by is not None
    least = verdicts.calibration.claim_contradicted
    if not outright and (contradiction < least or contradiction < entailment):
        contradiction = 0.0  # a doubt of the model's, no contradiction: to honest paraphrases it has many
    total = entailment + contradiction
    if total > 1.0:
        entailment, contradiction = entailment / total, contradiction / total
    neutral = max(0.0, 1.0 - entailment - contradiction)
    call = _call(entailment, contradiction, verdicts.calibration)
    return ClaimReading(
        plan.claim,
        plan.sentences,
        plan.cosines,
        entailment,
        neutral,
        contradiction,
        call,
        support,
        against,
        denied_by,
        differs,
    )


def _call(entailment: float, contradiction: float, calibration: Calibration) -> Call:
    if contradiction >= calibration.claim_contradicted and contradiction >= entailment:
        return "contradiction"
    return "entailment" if entailment >= calibration.claim_entailed else "neutral"
