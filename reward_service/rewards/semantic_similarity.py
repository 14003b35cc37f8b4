"""Is the answer about the same as the reference?"""

from __future__ import annotations

from reward_service.evidence.claims import NO_REFERENCE, reference_of
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

MIN_CHARS = 10
BANDS = ((0.75, 5.0), (0.60, 3.0), (0.45, 1.0), (0.30, -1.0))
"""The score where the cosine is above the bound; the first that holds."""
LOWEST = -3.0


class SemanticSimilarity(Reward):
    """Are answer and reference close in meaning?  Range −3 … +5.

    Cosine of the embeddings of answer and reference: above 0.75 +5, above 0.60 +3, above 0.45 +1, above 0.30
    −1, else −3.  An answer under 10 characters gets −3.  `value` is the cosine.  Long texts are embedded by
    windows. Closeness of topic is not truth: a reversal of the reference scores high here, which is why the
    NLI rewards exist.
    Source: Sentence-BERT (Reimers and Gurevych 2019); bands of REWARDS.md.
    """

    name = "semantic_similarity_reward"
    low, high = -3.0, 5.0
    reads = frozenset({Reads.ANSWER_VECTOR, Reads.REFERENCE_VECTOR})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        reference = sample.sample.reference
        if reference is None or reference_of(sample) is None:
            return Score.unscorable(NO_REFERENCE)
        characters = len(sample.sample.completion.answer.strip())
        if characters < MIN_CHARS:
            return Score(LOWEST, evidence={"answer_characters": characters, "at_least": MIN_CHARS})
        product = sample.vectors[sample.sample.completion.answer] @ sample.vectors[reference]
        cosine = max(-1.0, min(1.0, float(product)))
        return Score(band(cosine), value=cosine, evidence={"cosine": cosine})


def band(cosine: float) -> float:
    """The score for a cosine."""
    return next((score for above, score in BANDS if cosine > above), LOWEST)
