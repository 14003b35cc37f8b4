"""Checks to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.schema import CheckRequest, CheckResponse, Outcome, Reason

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)

HOSTILE = {
    "NUL": "before\x00after",
    "lone surrogates": "\ud800 and \udfff, \udc00\ud800",
    "backslashes": "\\0 \\\\ \\ud800 C:\\users \\",
    "emoji": "👩\u200d👩\u200d👧 🏳️\u200d🌈 \U0010ffff",
    "markup": "<script>alert(1)</script> '; DROP TABLE checks; -- %s %(x)s :name {}",
    "direction": "\u202eright to left\u202c \ufeff",
    "line breaks": "a\r\nb\rc\u2028d\te",
    "long": "Wert und Mehrwert – größer! " * 1500,
    "empty": "",
}


def reason(code: str = "loop", outcome: Outcome = Outcome.REVIEW, **fields: Any) -> Reason:
    made: dict[str, Any] = {"message": f"Found a {code}.", "measure": 0.5}
    return Reason(code=code, outcome=outcome, **made | fields)


def asked(question: str = "What is value?", **fields: Any) -> CheckRequest:
    return CheckRequest(question=question, **{"answer": "<think>hm</think>Raw answer."} | fields)


def answered(*reasons: Reason, **fields: Any) -> CheckResponse:
    outcomes = {reason.outcome for reason in reasons}
    verdict = next((each for each in (Outcome.FAIL, Outcome.REVIEW) if each in outcomes), Outcome.PASS)
    made: dict[str, Any] = {
        "verdict": verdict,
        "reasons": list(reasons),
        "scores": {"topic_relevance_reward": 1.5, "faithfulness_reward": None},
        "unscorable": {"faithfulness_reward": "there are no passages"},
        "answer": "Raw answer.",
        "policy": "default",
        "fingerprint": "f00d",
    }
    return CheckResponse(**made | fields)


class Clock:
    """Tells a time that goes on by a second whenever it is asked."""

    def __init__(self, moment: datetime = BEGIN) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment
