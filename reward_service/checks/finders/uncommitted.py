"""Does the answer stand for what it says?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reward_service.checks.finding import Finder, Finding
from reward_service.checks.reading import evidence, percent, quoted, span_of
from reward_service.checks.small_talk import TOPIC, asks_about_something
from reward_service.types import Sample, Score

COMMITMENT = "commitment_reward"


class Uncommitted(Finder):
    """Sentences that the answer utters and does not state: it asks them, leaves them open, or denies them
    as a whole.  A question back to the user is no fault: a policy's threshold says from which share on, and
    to a courtesy or a remark on the conversation any reply will do."""

    code = "uncommitted"
    unit = "share of the answer's words in sentences that it does not stand for"
    most = 1.0
    rewards = frozenset({COMMITMENT, TOPIC})

    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:  # noqa: ARG002
        uttered = evidence(scores, COMMITMENT).get("uttered") or []
        if not uttered or not asks_about_something(scores):
            return
        share = float(scores[COMMITMENT].value or 0.0)
        first = uttered[0]
        yield self.found(
            share,
            f"{percent(share)} of the answer is not stated but {first['manner']}, such as "
            f"{quoted(first['sentence'])}.",
            span_of(first),
            sentences=uttered,
        )
