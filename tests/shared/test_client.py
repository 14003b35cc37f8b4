"""Both clients over real HTTP, against a server that behaves as told."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shared.client import (
    AsyncRewardClient,
    RetryPolicy,
    RewardClient,
    RewardProtocolError,
    RewardRejected,
    RewardServerError,
    RewardUnavailable,
)
from shared.schema import ChatMessage, Detail, Lane, ScoreItem
from tests.support.stand_in import FINGERPRINT, Answer, StandIn, error, free_port, score_of, scored

ITEMS = [
    ScoreItem(prompt="What is rent?", completion="<think>…</think>Ein Teil des Mehrwerts. 🙂", reference="r"),
    ScoreItem(prompt=[ChatMessage(role="user", content="Who?")], completion="\x00\u202eNobody."),
]
FAST = RetryPolicy(patience_s=5.0, first_delay_s=0.01, longest_delay_s=0.05)

Call = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def _call(url: str, method: str, *args: Any, options: dict[str, Any] | None = None, **named: Any) -> Any:
    with RewardClient(url, **{"policy": FAST, **(options or {})}) as client:
        return getattr(client, method)(*args, **named)


def _call_async(
    url: str, method: str, *args: Any, options: dict[str, Any] | None = None, **named: Any
) -> Any:
    async def run() -> Any:
        async with AsyncRewardClient(url, **{"policy": FAST, **(options or {})}) as client:
            return await getattr(client, method)(*args, **named)

    return asyncio.run(run())


@pytest.fixture(params=[_call, _call_async], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Calls one method of a fresh client, synchronous or asynchronous."""
    found: Call = request.param
    return found


# --- what is asked and answered --------------------------------------------------------------------------


def test_scores_come_in_order(server: StandIn, call: Call) -> None:
    response = call(server.url, "score", ITEMS, ["a", "b"])
    for item, result in zip(ITEMS, response.results, strict=True):
        assert result.rewards == {name: score_of(item, name) for name in ("a", "b")}
    assert response.fingerprint == FINGERPRINT
    assert len(server.received) == 1


def test_what_is_asked_arrives(server: StandIn, call: Call) -> None:
    call(server.url, "score", ITEMS, ["a"], detail=Detail.LAYERS, lane=Lane.LIVE, deadline_s=7.0)
    asked = server.scored[0]
    assert [item.completion for item in asked.items] == [item.completion for item in ITEMS]
    assert asked.items[1].prompt == ITEMS[1].prompt
    assert (asked.rewards, asked.detail, asked.lane, asked.deadline_s) == (["a"], "layers", "live", 7.0)
    assert server.received[0].headers["content-type"] == "application/json"
    assert "authorization" not in server.received[0].headers


def test_the_token_is_sent_and_never_shown(server: StandIn, call: Call) -> None:
    call(server.url, "score", ITEMS, ["a"], options={"api_key": "s3cret"})
    assert server.received[0].headers["authorization"] == "Bearer s3cret"
    with RewardClient(server.url, api_key="s3cret") as client:
        assert "s3cret" not in repr(client)


def test_catalogue_and_info(server: StandIn, call: Call) -> None:
    assert [reward.name for reward in call(server.url, "rewards")] == ["a"]
    assert call(server.url, "info").limits.max_items == 512


def test_a_path_prefix_is_kept(server: StandIn, call: Call) -> None:
    with pytest.raises(RewardRejected):
        call(f"{server.url}/behind/a/proxy/", "info")
    assert server.received[0].path == "/behind/a/proxy/info"


def test_a_large_batch_is_split_and_joined_in_order(call: Call) -> None:
    items = [ScoreItem(prompt="p", completion=f"c{at}") for at in range(10)]
    with StandIn(max_items=4) as server:
        response = call(server.url, "score", items, ["a"])
    assert [result.rewards["a"] for result in response.results] == [score_of(item, "a") for item in items]
    assert [received.path for received in server.received] == [
        "/score",
        "/info",
        "/score",
        "/score",
        "/score",
    ]


def test_a_body_that_is_refused_early_is_split(call: Call) -> None:
    items = [ScoreItem(prompt="p", completion=f"{at}" * 100_000) for at in range(6)]
    with StandIn(max_body_bytes=250_000) as server:
        assert len(call(server.url, "score", items, ["a"]).results) == 6


# --- outages ---------------------------------------------------------------------------------------------


def test_it_asks_again_as_the_server_says(server: StandIn, call: Call) -> None:
    server.script.append(error(503, "overloaded", retry_after="1"))
    waits: list[tuple[int, float, str]] = []
    began = time.monotonic()
    response = call(server.url, "score", ITEMS, ["a"], options={"on_wait": lambda *wait: waits.append(wait)})
    assert time.monotonic() - began >= 1.0
    assert len(response.results) == 2
    [(attempt, delay, reason)] = waits
    assert attempt == 1
    assert 1.0 <= delay <= 1.1
    assert reason == "HTTP 503 overloaded: told to answer 503"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_statuses_that_pass(server: StandIn, call: Call, status: int) -> None:
    server.script.extend([error(status), error(status)])
    assert len(call(server.url, "score", ITEMS, ["a"]).results) == 2
    assert len(server.received) == 3
    assert len({received.body for received in server.received}) == 1


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_an_answer_that_breaks_off_is_asked_again(server: StandIn, call: Call, cut: int) -> None:
    server.script.append(Answer(body={"results": ["…"] * 30}, cut=cut))
    assert len(call(server.url, "score", ITEMS, ["a"]).results) == 2
    assert len(server.received) == 2


def test_a_server_that_comes_up_late_is_waited_for(call: Call) -> None:
    port = free_port()
    reasons: list[str] = []
    with ExitStack() as stack:

        def start(attempt: int, _: float, reason: str) -> None:
            reasons.append(reason)
            if attempt == 3:
                stack.enter_context(StandIn(port))

        response = call(f"http://127.0.0.1:{port}", "score", ITEMS, ["a"], options={"on_wait": start})
    assert len(response.results) == 2
    assert len(reasons) == 3
    assert all(reason.startswith("ConnectError") for reason in reasons)


def test_patience_ends(call: Call) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    policy = RetryPolicy(patience_s=0.3, first_delay_s=0.05, longest_delay_s=0.1)
    began = time.monotonic()
    with pytest.raises(RewardUnavailable) as caught:
        call(url, "score", ITEMS, ["a"], options={"policy": policy})
    assert 0.3 <= time.monotonic() - began < 3.0
    assert caught.value.attempts >= 4
    assert caught.value.url == url
    assert type(caught.value.cause).__name__ == "ConnectError"


def test_a_server_that_never_answers_is_left_at_the_deadline(call: Call) -> None:
    """The port takes connections, and nothing ever reads them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"patience_s": 0.0, "policy": None, "read_timeout_s": 0.3}
        began = time.monotonic()
        with pytest.raises(RewardUnavailable, match="Timeout"):
            call(url, "info", options=options)
        assert 0.3 <= time.monotonic() - began < 3.0


def test_a_server_that_drips_is_left_at_the_deadline(server: StandIn, call: Call) -> None:
    server.script.append(Answer(body={"x": "y" * 400}, drip_s=0.05))
    began = time.monotonic()
    with pytest.raises(RewardUnavailable, match=r"no whole answer within 0\.4 s"):
        call(server.url, "info", options={"patience_s": 0.0, "policy": None, "read_timeout_s": 0.4})
    assert 0.4 <= time.monotonic() - began < 3.0


def test_a_slow_answer_within_the_deadline_is_waited_for(server: StandIn, call: Call) -> None:
    server.script.append(lambda received: Answer(wait_s=0.5, body=scored(received.score)))
    assert len(call(server.url, "score", ITEMS, ["a"], deadline_s=5.0).results) == 2
    assert len(server.received) == 1


# --- what is not tried again -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
def test_a_rejection_is_final(server: StandIn, call: Call, status: int) -> None:
    server.script.append(error(status, "some_code", where="items.1.prompt"))
    with pytest.raises(RewardRejected, match=r"some_code at items\.1\.prompt"):
        call(server.url, "score", ITEMS, ["a"])
    assert len(server.received) == 1


def test_a_server_error_is_final(server: StandIn, call: Call) -> None:
    server.script.append(error(500, "worker_failed"))
    with pytest.raises(RewardServerError, match="worker_failed"):
        call(server.url, "score", ITEMS, ["a"])
    assert len(server.received) == 1


def test_a_wrong_answer_is_final(server: StandIn, call: Call) -> None:
    server.script.append(Answer(body=b"<html>Welcome to nginx!</html>"))
    with pytest.raises(RewardProtocolError, match="Welcome to nginx"):
        call(server.url, "score", ITEMS, ["a"])
    assert len(server.received) == 1


def test_a_broken_encoding_is_final(server: StandIn, call: Call) -> None:
    server.script.append(Answer(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(RewardProtocolError, match="encoding"):
        call(server.url, "score", ITEMS, ["a"])


# --- readiness -------------------------------------------------------------------------------------------


def test_ready_asks_once(server: StandIn, call: Call) -> None:
    assert call(server.url, "ready") is True
    server.script.append(error(503, "not_ready"))
    assert call(server.url, "ready") is False
    assert call(f"http://127.0.0.1:{free_port()}", "ready") is False
    server.script.append(error(404))
    with pytest.raises(RewardRejected):
        call(server.url, "ready")


def test_wait_ready(server: StandIn, call: Call) -> None:
    server.script.extend([error(503, "not_ready", retry_after="60")] * 2)
    began = time.monotonic()
    call(server.url, "wait_ready", 20.0)
    assert time.monotonic() - began < 10.0
    assert len(server.received) == 3


def test_wait_ready_gives_up(server: StandIn, call: Call) -> None:
    server.script.extend([error(503, "not_ready")] * 100)
    with pytest.raises(RewardUnavailable, match="not_ready"):
        call(server.url, "wait_ready", 0.3)


# --- arguments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://", "", "http://host:port"])
def test_a_url_that_leads_nowhere_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        RewardClient(url)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        RewardClient("http://host", api_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(("argument", "value"), [("rewards", []), ("deadline_s", 0.0), ("deadline_s", 1e9)])
def test_a_request_that_no_server_takes_is_refused_here(
    server: StandIn, call: Call, argument: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=argument):
        call(server.url, "score", ITEMS, **{"rewards": ["a"], argument: value})
    assert server.received == []


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(
    server: StandIn, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert call(server.url, "ready") is True
