"""Do the answer's words stand in an order that prose has?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence
from reward_service.evidence.statements import word_count
from reward_service.types import Sample, Score

STRUCTURE = "structural_coherence_reward"


class WordSoup(Finder):
    """Shuffled words, or a row of terms: neighbours that prose never has.  The longer, the surer."""

    code = "word_soup"
    unit = "words of an answer whose words stand in no order"
    rewards = frozenset({STRUCTURE})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        words = word_count(sample.completion.answer)
        if words and evidence(scores, STRUCTURE).get("word_soup"):
            yield self.found(
                float(words),
                f"The answer's {counted(words, 'word')} stand in no order that a sentence could have.",
                words=words,
            )
