"""Does one sentence of the answer deny another?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, place, quoted
from reward_service.types import Sample, Score


class ContradictsItself(Finder):
    """Two sentences of the answer contradict each other.  Each contradicting pair is a finding of its own;
    where none reaches the NLI model's threshold, the strongest pair is one, with its lower measure."""

    code = "contradicts_itself"
    unit = "P(contradiction) of the pair, the lower of its two directions"
    most = 1.0
    rewards = frozenset({"self_consistency_reward"})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        answer = sample.completion.answer
        seen = evidence(scores, "self_consistency_reward")
        strongest = seen.get("strongest")
        threshold = float(seen.get("threshold", 1.0))
        for pair in seen.get("contradictions") or ([strongest] if strongest else []):
            first, second = pair["first"], pair["second"]
            first_span = place(answer, first)
            measure = float(pair["contradiction"])
            verb = "contradicts" if measure >= threshold else "may contradict"
            yield self.found(
                measure,
                f"{quoted(second)} {verb} {quoted(first)}.",
                place(answer, second, first_span[1] if first_span else 0),
                first=first,
                second=second,
                first_span=first_span,
                forward=pair["forward"],
                back=pair["back"],
            )
