"""Do the passages bear the answer out?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, quoted, span_of
from reward_service.types import Sample, Score

FAITHFULNESS = "faithfulness_reward"


class Unsupported(Finder):
    """Claims of the answer stand in none of the passages.  One finding for the whole answer, whose evidence
    lists every such sentence with its place: whether an answer rests on its passages is a matter of share,
    and a policy can't weigh a share that comes in pieces.  Nothing is found where no passage was given."""

    code = "unsupported"
    unit = "share of the answer's claims that no passage supports"
    most = 1.0
    rewards = frozenset({FAITHFULNESS})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        claims = evidence(scores, FAITHFULNESS).get("sentences") or []
        without = [claim for claim in claims if claim["verdict"] == "unsupported"]
        if without:
            some = f"{len(without)} of {len(claims)} claims, such as " if len(claims) > 1 else ""
            yield self.found(
                len(without) / len(claims),
                f"No passage supports {some}{quoted(without[0]['sentence'])}.",
                span_of(without[0]),
                claims=len(claims),
                sentences=without,
            )
