"""Can all of the answer's characters be read?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence, quoted, span_of
from reward_service.types import Sample, Score


class BrokenEncoding(Finder):
    """The answer holds characters that nobody can read: replacement characters, wrongly decoded ones,
    escapes, pieces of the tokenizer."""

    code = "broken_encoding"
    unit = "places per 100 words"
    rewards = frozenset({"degeneration_reward"})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        encoding = evidence(scores, "degeneration_reward").get("encoding") or {}
        measure, places = float(encoding.get("per_100_words", 0.0)), encoding.get("places") or []
        if measure <= 0:
            return
        shown = f", such as {quoted(places[0]['text'], 40)} ({places[0]['kind']})" if places else ""
        yield self.found(
            measure,
            f"The answer holds characters that nobody can read{shown}: "
            f"{counted(round(measure), 'place')} per 100 words.",
            next((span for found in places if (span := span_of(found)) is not None), None),
            places=places,
        )
