"""Live checks by both clients over real HTTP, against a server that behaves as told."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.client import AsyncRewardClient, RewardClient, RewardRejected, RewardUnavailable
from shared.schema import ChatMessage, CheckRequest
from tests.support.stand_in import Answer, Received, StandIn, error, free_port

Call = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def _call(url: str, method: str, *args: Any, **named: Any) -> Any:
    with RewardClient(url) as client:
        return getattr(client, method)(*args, **named)


def _call_async(url: str, method: str, *args: Any, **named: Any) -> Any:
    async def run() -> Any:
        async with AsyncRewardClient(url) as client:
            return await getattr(client, method)(*args, **named)

    return asyncio.run(run())


@pytest.fixture(params=[_call, _call_async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Calls one method of a fresh client of default patience, synchronous or asynchronous."""
    found: Call = request.param
    return found


def passes(received: Received) -> Answer:
    """An honest answer to whatever is checked."""
    asked = CheckRequest.model_validate(json.loads(received.body))
    body = {
        "verdict": "pass",
        "reasons": [],
        "scores": {"a": 1.0},
        "unscorable": {},
        "answer": asked.answer,
        "policy": asked.policy,
        "record_id": "r1",
        "fingerprint": "f",
        "schema_version": "1",
        "usage": {},
    }
    return Answer(body=body)


def test_what_is_asked_arrives(server: StandIn, call: Call) -> None:
    server.script.append(passes)
    talk = [ChatMessage(role="user", content="Who?")]
    answer = call(
        server.url, "check", talk, "Nobody. 🙂", ["One.", "\ud800"], policy="strict", deadline_s=3.0
    )
    assert (answer.verdict, answer.answer, answer.record_id) == ("pass", "Nobody. 🙂", "r1")
    [received] = server.received
    assert (received.method, received.path) == ("POST", "/check")
    body = json.loads(received.body)
    assert body == {
        "question": [{"role": "user", "content": "Who?"}],
        "answer": "Nobody. 🙂",
        "context": ["One.", "\ud800"],
        "policy": "strict",
        "deadline_s": 3.0,
    }


def test_a_busy_moment_is_waited_out(server: StandIn, call: Call) -> None:
    server.script.extend([error(503, "overloaded", retry_after="1"), passes])
    assert call(server.url, "check", "q", "a").verdict == "pass"
    first, second = (json.loads(received.body)["deadline_s"] for received in server.received)
    assert first == 5.0
    assert 0 < second <= 4.0


def test_a_server_that_never_answers_is_left_soon_after_the_deadline(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(RewardUnavailable, match="once"):
            call(url, "check", "q", "a", deadline_s=0.3)
        assert 0.3 <= time.monotonic() - began < 4.0


def test_a_server_that_is_down_is_told_within_the_deadline(call: Call) -> None:
    began = time.monotonic()
    with pytest.raises(RewardUnavailable):
        call(f"http://127.0.0.1:{free_port()}", "check", "q", "a", deadline_s=1.0)
    assert time.monotonic() - began < 1.5


def test_a_rejection_is_final_and_names_the_field(server: StandIn, call: Call) -> None:
    server.script.append(error(422, "unknown_policy", where="policy"))
    with pytest.raises(RewardRejected, match="unknown_policy at policy"):
        call(server.url, "check", "q", "a", policy="strikt")
    assert len(server.received) == 1


@pytest.mark.parametrize(("argument", "value"), [("deadline_s", 0.0), ("context", ["x"] * 65)])
def test_a_request_that_no_server_takes_is_refused_here(
    server: StandIn, call: Call, argument: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=argument):
        call(server.url, "check", "q", "a", **{argument: value})
    assert server.received == []


def test_policies_are_listed(server: StandIn, call: Call) -> None:
    rule = {"code": "loop", "review": 0.3, "fail": None, "unit": "share", "doc": "D."}
    server.script.append(Answer(body={"policies": [{"name": "p", "doc": "D.", "rules": [rule]}]}))
    [policy] = call(server.url, "policies")
    assert (policy.name, policy.rules[0].review, policy.rules[0].fail) == ("p", 0.3, None)
    assert server.received[0].path == "/policies"
