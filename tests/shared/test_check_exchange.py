"""What a client says to have an answer checked, when it gives up, which answers it believes; no socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import check_exchange
from shared.client_errors import (
    RewardProtocolError,
    RewardRejected,
    RewardServerError,
    RewardUnavailable,
)
from shared.exchange import Peer
from shared.retry import Chance, Lost, Reply, RetryPolicy, Send, Wait
from shared.schema import CheckRequest, CheckResponse

REASON = {"code": "loop", "outcome": "review", "message": "m", "measure": 0.4, "span": [0, 2], "evidence": {}}
GOOD: dict[str, Any] = {
    "verdict": "review",
    "reasons": [REASON],
    "scores": {"a": -1.0, "b": None},
    "unscorable": {"b": "no passage"},
    "answer": "ab ab ab",
    "policy": "default",
    "record_id": None,
    "fingerprint": "f",
    "schema_version": "1",
    "usage": {"nli_pairs": 0, "nli_tokens": 0, "cached": 0},
}
BUSY = b'{"error": {"code": "overloaded", "message": "busy"}}'

Answer = Callable[[Send], tuple[float, Reply | Lost]]
"""Seconds that the exchange takes, and what comes of it."""


class Talk:
    """Runs a conversation by a clock of its own, which only waits and exchanges move."""

    def __init__(self, **policy: Any) -> None:
        self.now = 100.0
        self.sent: list[Send] = []
        self.waits: list[Wait] = []
        chance = Chance(now=lambda: self.now, wall=lambda: datetime.now(UTC), roll=lambda: 0.0)
        self.peer = Peer("http://server", RetryPolicy(**policy), chance, read_timeout_s=1.0)

    def run(self, answer: Answer, deadline_s: float = 5.0) -> CheckResponse:
        request = CheckRequest(question="q", answer="ab ab ab")
        flow = check_exchange.check(self.peer, request, deadline_s)
        step = next(flow)
        while True:
            outcome: Reply | Lost | None = None
            if isinstance(step, Wait):
                self.waits.append(step)
                self.now += step.delay_s
            else:
                self.sent.append(step)
                took_s, outcome = answer(step)
                self.now += took_s
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                response: CheckResponse = end.value
                return response

    @property
    def deadlines(self) -> list[float]:
        """What the server was told, request by request."""
        return [json.loads(send.body or b"")["deadline_s"] for send in self.sent]


def replies(*statuses: int, took_s: float = 0.1, retry_after: str | None = None) -> Answer:
    """One status after the other, the last one again and again."""
    left = list(statuses)

    def answer(_: Send) -> tuple[float, Reply]:
        status = left.pop(0) if len(left) > 1 else left[0]
        body = json.dumps(GOOD).encode() if status == 200 else BUSY
        return took_s, Reply(status, body, retry_after)

    return answer


def test_one_request_with_the_deadline_and_a_little_grace() -> None:
    talk = Talk()
    assert talk.run(replies(200)).reasons[0].span == (0, 2)
    [send] = talk.sent
    assert (send.method, send.path, send.timeout_s) == ("POST", "/check", 6.0)
    assert talk.deadlines == [5.0]


def test_what_passes_is_tried_again_with_what_is_left_of_the_deadline() -> None:
    talk = Talk()
    talk.run(replies(503, 502, 200, took_s=0.25))
    assert [wait.delay_s for wait in talk.waits] == [0.5, 1.0]
    assert talk.deadlines == pytest.approx([5.0, 4.25, 3.0])
    assert [send.timeout_s for send in talk.sent] == pytest.approx([6.0, 5.25, 4.0])


@pytest.mark.parametrize("deadline_s", [0.2, 1.0, 5.0, 30.0])
def test_no_attempt_begins_behind_the_deadline_however_long_the_patience(deadline_s: float) -> None:
    talk = Talk(patience_s=3600.0)
    with pytest.raises(RewardUnavailable, match="overloaded: busy") as caught:
        talk.run(replies(503), deadline_s)
    assert talk.now - 100.0 < deadline_s
    assert caught.value.attempts == len(talk.sent)
    assert all(left > 0 for left in talk.deadlines)


def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for() -> None:
    talk = Talk()
    with pytest.raises(RewardUnavailable):
        talk.run(replies(503, retry_after="30"))
    assert (len(talk.sent), talk.waits) == (1, [])
    talk = Talk()
    talk.run(replies(503, 200, retry_after="2"))
    assert [wait.delay_s for wait in talk.waits] == [2.0]


def test_an_attempt_that_used_the_deadline_up_was_the_last() -> None:
    talk = Talk()
    with pytest.raises(RewardUnavailable, match="TimeoutError") as caught:
        talk.run(lambda send: (send.timeout_s, Lost(TimeoutError("no answer"))))
    assert (caught.value.attempts, caught.value.elapsed_s) == (1, 6.0)
    assert isinstance(caught.value.cause, TimeoutError)


def test_a_client_without_patience_tries_once() -> None:
    talk = Talk(patience_s=0.0)
    with pytest.raises(RewardUnavailable):
        talk.run(replies(503, 200))
    assert len(talk.sent) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(401, RewardRejected), (422, RewardRejected), (500, RewardServerError)]
)
def test_other_errors_are_final(status: int, error: type[Exception]) -> None:
    talk = Talk()
    with pytest.raises(error, match="busy"):
        talk.run(replies(status, 200))
    assert len(talk.sent) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"policy": "strict"}, "policy"),
        ({"verdict": "pass"}, "the worst of its reasons"),
        ({"verdict": "fail"}, "the worst of its reasons"),
        ({"reasons": []}, "the worst of its reasons pass"),
        ({"reasons": [REASON | {"span": [3, 90]}]}, "outside of the answer"),
        ({"reasons": [REASON | {"span": [3, 2]}]}, "outside of the answer"),
        ({"reasons": [REASON | {"measure": float("nan")}]}, "measure"),
        ({"scores": {"a": float("inf"), "b": None}}, "no score"),
        ({"scores": {"a": None, "b": None}}, "unscorable"),
        ({"unscorable": {}}, "unscorable"),
        ({"verdict": "good"}, "verdict"),
        ({"schema_version": "2"}, "schema version"),
        ({"answer": None}, "answer"),
    ],
)
def test_an_answer_that_contradicts_itself_is_not_believed(change: dict[str, Any], says: str) -> None:
    body = json.dumps(GOOD | change).encode()
    with pytest.raises(RewardProtocolError, match=says):
        Talk().run(lambda _: (0.1, Reply(200, body)))
