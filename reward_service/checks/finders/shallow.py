"""Does the answer explain its terms, or only name them?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence, listed
from reward_service.types import Sample, Score

DEPTH = "interconnection_depth_reward"


class Shallow(Finder):
    """The answer names many of the domain's terms in few words, and so explains none of them.  Answers under
    20 words are not looked at."""

    code = "shallow"
    unit = "different terms of the domain per 100 words"
    rewards = frozenset({DEPTH})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        seen = evidence(scores, DEPTH)
        concepts, words = seen.get("concepts") or [], int(seen.get("words", 0))
        if concepts and words:
            yield self.found(
                100.0 * len(concepts) / words,
                f"{counted(len(concepts), 'term')} in {counted(words, 'word')} "
                f"({listed(each['text'] for each in concepts)}): they are named rather than explained.",
                words=words,
                words_per_concept=seen.get("words_per_concept"),
                concepts=concepts,
                explanations=seen.get("explanations"),
            )
