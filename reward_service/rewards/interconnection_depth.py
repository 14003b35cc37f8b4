"""Are concepts explained and tied to evidence, or only named?"""

from __future__ import annotations

from reward_service.evidence.matches import distinct, found
from reward_service.evidence.syntax import complete_sentences, distinct_sentences, within, word_count
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Score, Verdicts

MIN_WORDS = 20
BUZZWORDS_FREE, PER_BUZZWORD, BUZZWORDS_AT_MOST = 2, 0.3, 1.5
PER_MARKER, MARKERS_AT_MOST = 0.3, 1.5
MANY_CONCEPTS = 5


class InterconnectionDepth(Reward):
    """Are concepts explained and tied to evidence, or only named?  Range −2.5 … +3.0.

    Under 20 words 0. Words per distinct concept: over 20 +1, over 10 +0.5, under 5 −1.5, under 10 −0.5; 10
    itself 0.  Hollow buzzwords over two −0.3 each, down to −1.5.  Depth markers (dates, authorities,
    examples) +0.3 each, up to 1.5. Explanations per concept from 0.5 +0.5; under 0.1 with more than five
    concepts −0.5. Clamped to the range.  A concept is a distinct lexicon term, all wordings of one concept
    together; explanations, buzzwords and markers count once each, whatever their number; sentences that are
    repeated add no words.  Without any concept the two bands per concept give nothing.  Markers and
    explanations count in complete sentences only, and without a complete sentence many words per concept earn
    nothing.  `value` is the sum before clamping.
    Source: REWARDS.md.
    """

    name = "interconnection_depth_reward"
    low, high = -2.5, 3.0
    reads = frozenset({Reads.ANSWER})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        answer, lexicon = sample.answer, self.lexicon
        words = sum(word_count(answer, sentence) for sentence in distinct_sentences(answer))
        if words < MIN_WORDS:
            return Score(0.0, value=0.0, evidence={"words": words, "note": f"under {MIN_WORDS} words"})
        concepts = distinct(lexicon.terms(answer))
        buzzwords = distinct(lexicon.hollow(answer))
        sentences = complete_sentences(answer)
        markers = distinct(within(lexicon.depth_markers(answer), sentences))
        explanations = distinct(within(lexicon.explanations(answer), sentences))
        each = max(len(concepts), 1)
        density = density_band(words / each) if concepts else 0.0
        parts = {
            "words_per_concept": density if sentences else min(density, 0.0),
            "buzzwords": -min(BUZZWORDS_AT_MOST, PER_BUZZWORD * max(len(buzzwords) - BUZZWORDS_FREE, 0)),
            "depth_markers": min(MARKERS_AT_MOST, PER_MARKER * len(markers)),
            "explanations": explanation_band(len(explanations) / each, len(concepts)) if concepts else 0.0,
        }
        total = sum(parts.values())
        evidence = {
            "words": words,
            "words_per_concept": round(words / each, 2) if concepts else None,
            "explanations_per_concept": round(len(explanations) / each, 2) if concepts else None,
            "parts": parts,
            "concepts": [found(match) for match in concepts],
            "buzzwords": [found(match) for match in buzzwords],
            "depth_markers": [found(match) for match in markers],
            "explanations": [found(match) for match in explanations],
        }
        return Score(max(self.low, min(self.high, total)), value=total, evidence=evidence)


def density_band(words_per_concept: float) -> float:
    """The score of words per distinct concept."""
    if words_per_concept > 20:
        return 1.0
    if words_per_concept > 10:
        return 0.5
    if words_per_concept < 5:
        return -1.5
    return -0.5 if words_per_concept < 10 else 0.0


def explanation_band(explanations_per_concept: float, concepts: int) -> float:
    """The score of explanations per distinct concept."""
    if explanations_per_concept >= 0.5:
        return 0.5
    return -0.5 if explanations_per_concept < 0.1 and concepts > MANY_CONCEPTS else 0.0
