"""Does the answer consist of sentences?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence
from reward_service.evidence.statements import word_count
from reward_service.types import Sample, Score

STRUCTURE = "structural_coherence_reward"


class NoSentences(Finder):
    """Not one sentence of the answer is complete, though its words stand in an order that prose has: a list,
    headings, instructions.  A reply of two words need not be a sentence, so the measure is the number of
    words."""

    code = "no_sentences"
    unit = "words of an answer without a complete sentence"
    rewards = frozenset({STRUCTURE})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        seen = evidence(scores, STRUCTURE)
        words = word_count(sample.completion.answer)
        if words and seen.get("complete_sentences") == 0 and not seen.get("word_soup"):
            yield self.found(
                float(words),
                f"The answer has {counted(words, 'word')}, but not one complete sentence.",
                words=words,
                sentences=seen.get("sentences"),
            )
