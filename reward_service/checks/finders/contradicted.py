"""Do the passages say otherwise?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import counted, evidence, quoted, span_of
from reward_service.types import Sample, Score

FAITHFULNESS = "faithfulness_reward"


class Contradicted(Finder):
    """A passage says the opposite of what the answer claims.  One finding for the whole answer: the clearest
    contradiction is its span and stands in the message, the evidence lists all of them."""

    code = "contradicted"
    unit = "claims that a passage contradicts"
    rewards = frozenset({FAITHFULNESS})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        claims = evidence(scores, FAITHFULNESS).get("sentences") or []
        against = sorted(
            (claim for claim in claims if claim["verdict"] == "contradicted"),
            key=lambda claim: -float(claim["contradiction"]),
        )
        if not against:
            return
        worst = against[0]
        number = worst.get("passage")
        source = "A passage" if number is None else f"Passage {number + 1}"
        said = f" says {quoted(worst['against'])}, and so" if worst.get("against") else ""
        more = f" ({counted(len(against), 'claim')} in all)" if len(against) > 1 else ""
        yield self.found(
            float(len(against)),
            f"{source}{said} contradicts {quoted(worst['sentence'])}{more}.",
            span_of(worst),
            claims=len(claims),
            sentences=against,
        )
