"""What the client says and what it accepts, without a socket: splitting, reading, refusing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import exchange
from shared.client_errors import RewardProtocolError, RewardRejected, RewardServerError
from shared.exchange import Peer
from shared.retry import Chance, Flow, Reply, RetryPolicy, Send
from shared.schema import Detail, Limits, ScoreItem, ScoreRequest, ScoreResponse
from tests.support.stand_in import scored

PEER = Peer(
    url="http://server",
    policy=RetryPolicy(patience_s=0.0),
    chance=Chance(now=lambda: 0.0, wall=lambda: datetime.now(UTC), roll=lambda: 0.0),
    read_timeout_s=1.0,
)


def ask(
    items: int | list[ScoreItem], answer: Callable[[Send], Reply], **wanted: Any
) -> tuple[ScoreResponse, list[Send]]:
    """Run a `score` conversation against a function."""
    given = (
        items
        if isinstance(items, list)
        else [ScoreItem(prompt=f"p{at}", completion=f"c{at}") for at in range(items)]
    )
    request = ScoreRequest(items=given, **{"rewards": ["a"], **wanted})
    sent: list[Send] = []
    flow: Flow[ScoreResponse] = exchange.score(PEER, request, 30.0)
    try:
        step = next(flow)
        while True:
            assert isinstance(step, Send)
            sent.append(step)
            step = flow.send(answer(step))
    except StopIteration as end:
        response: ScoreResponse = end.value
        return response, sent


def honest(send: Send) -> Reply:
    return Reply(200, json.dumps(scored(request_of(send))).encode())


def request_of(send: Send) -> ScoreRequest:
    assert send.body is not None
    return ScoreRequest.model_validate_json(send.body)


def limits(max_items: int = 512, max_body_bytes: int = 1 << 25) -> bytes:
    """The answer to `GET /info`."""
    return json.dumps(
        {
            "version": "0",
            "schema_version": "1",
            "pack": "p",
            "fingerprint": "f",
            "models": [],
            "limits": {"max_items": max_items, "max_text_chars": 9, "max_body_bytes": max_body_bytes},
            "default_deadline_s": {"training": 1.0},
        }
    ).encode()


def limited(max_items: int, max_body_bytes: int = 1 << 25) -> Callable[[Send], Reply]:
    """A server with limits, which it enforces."""

    def answer(send: Send) -> Reply:
        if send.path == "/info":
            return Reply(200, limits(max_items, max_body_bytes))
        if len(send.body or b"") > max_body_bytes:
            return Reply(413, b'{"error": {"code": "too_large", "message": "too large"}}')
        if len(request_of(send).items) > max_items:
            return Reply(422, b'{"error": {"code": "too_many_items", "message": "m", "where": "items"}}')
        return honest(send)

    return answer


# --- one request or several ------------------------------------------------------------------------------


def test_an_ordinary_batch_is_one_request() -> None:
    response, sent = ask(64, honest)
    assert [send.path for send in sent] == ["/score"]
    assert [result.id for result in response.results] == [str(at) for at in range(64)]
    assert request_of(sent[0]).deadline_s == 30.0
    assert sent[0].timeout_s > 30.0


def test_an_empty_batch_is_asked_too() -> None:
    response, sent = ask(0, honest)
    assert (len(sent), response.results) == (1, [])


def test_ids_of_the_caller_are_kept() -> None:
    items = [ScoreItem(id="x", prompt="p", completion="c"), ScoreItem(prompt="p", completion="c")]
    response, _ = ask(items, honest)
    assert [result.id for result in response.results] == ["x", "1"]


def test_a_large_batch_asks_for_the_limits_first_and_fits() -> None:
    response, sent = ask(200, limited(80))
    assert [send.path for send in sent] == ["/info", "/score", "/score", "/score"]
    assert [len(request_of(send).items) for send in sent[1:]] == [80, 80, 40]
    assert response == ScoreResponse.model_validate(
        json.loads(honest(whole(200)).body) | {"usage": {"nli_pairs": 200, "nli_tokens": 30, "cached": 3}}
    )


def whole(count: int) -> Send:
    """What one request for all of them would be."""
    items = [ScoreItem(id=str(at), prompt=f"p{at}", completion=f"c{at}") for at in range(count)]
    return Send("POST", "/score", 1.0, ScoreRequest(items=items, rewards=["a"]).model_dump_json().encode())


def test_a_server_with_smaller_limits_gets_smaller_requests() -> None:
    response, sent = ask(10, limited(4))
    assert [send.path for send in sent] == ["/score", "/info", "/score", "/score", "/score"]
    assert [result.id for result in response.results] == [str(at) for at in range(10)]


def test_bytes_decide_too() -> None:
    items = [ScoreItem(prompt="p", completion="ü" * 300) for _ in range(6)]
    response, sent = ask(items, limited(512, 4096))
    assert len(response.results) == 6
    assert len(sent) > 3
    assert all(len(send.body or b"") <= 4096 for send in sent[2:])


def test_one_item_that_is_too_large_is_rejected_and_named() -> None:
    with pytest.raises(RewardRejected) as caught:
        ask([ScoreItem(prompt="p", completion="c" * 9000)], limited(512, 4096))
    assert (caught.value.status, caught.value.code) == (413, "too_large")


def test_where_counts_in_the_callers_batch() -> None:
    def refuses_c7(send: Send) -> Reply:
        if send.path == "/info":
            return Reply(200, limits(max_items=5))
        items = request_of(send).items
        if len(items) > 5:
            return Reply(422, b'{"error": {"code": "too_many_items", "message": "m"}}')
        for at, item in enumerate(items):
            if item.completion == "c7":
                error = {"code": "text_too_long", "message": f"items.{at}.completion is long"}
                return Reply(422, json.dumps({"error": error | {"where": f"items.{at}.completion"}}).encode())
        return honest(send)

    with pytest.raises(RewardRejected) as caught:
        ask(10, refuses_c7)
    assert caught.value.where == "items.7.completion"
    assert caught.value.message == "items.7.completion is long"


@given(
    st.lists(st.integers(1, 50), max_size=40),
    st.integers(0, 20),
    st.integers(1, 10),
    st.integers(1, 120),
)
def test_slices_cover_a_batch_once_and_keep_to_the_limits(
    sizes: list[int], envelope: int, max_items: int, max_body: int
) -> None:
    limit = Limits(max_items=max_items, max_text_chars=1, max_body_bytes=max_body)
    parts = list(exchange.slices(sizes, envelope, limit))
    assert [at for part in parts for at in range(part.start, part.stop)] == list(range(len(sizes)))
    for part in parts:
        held = sizes[part]
        assert len(held) <= max_items
        assert len(held) <= 1 or envelope + sum(held) <= max_body
    for one, two in itertools.pairwise(parts):  # no two neighbours would have fitted together
        first = sizes[two][0]
        assert len(sizes[one]) == max_items or envelope + sum(sizes[one]) + first > max_body


def test_lone_surrogates_travel() -> None:
    def answer(send: Send) -> Reply:
        assert b"\\ud800" in (send.body or b"")
        return Reply(
            422, b'{"error": {"code": "invalid_request", "message": "no", "where": "items.0.prompt"}}'
        )

    with pytest.raises(RewardRejected, match=r"items\.0\.prompt"):
        ask([ScoreItem(prompt="\ud800", completion="c")], answer)


# --- an answer is used whole or not at all ---------------------------------------------------------------


Spoil = Callable[[dict[str, Any]], object]

SPOILT: dict[str, Spoil] = {
    "a result too few": lambda answer: answer["results"].pop(),
    "a result too many": lambda answer: answer["results"].append(answer["results"][0]),
    "another order": lambda answer: answer["results"].reverse(),
    "another reward": lambda answer: answer["results"][1].update(rewards={"b": 1.0}),
    "a reward missing": lambda answer: answer["results"][1].update(rewards={}),
    "a reward too many": lambda answer: answer["results"][1]["rewards"].update(b=1.0),
    "not a number": lambda answer: answer["results"][1]["rewards"].update(a=float("nan")),
    "infinite": lambda answer: answer["results"][1]["rewards"].update(a=float("inf")),
    "a number as text": lambda answer: answer["results"][1]["rewards"].update(a="1.0"),
    "a truth value": lambda answer: answer["results"][1]["rewards"].update(a=True),
    "None without a reason": lambda answer: answer["results"][1]["rewards"].update(a=None),
    "a reason without None": lambda answer: answer["results"][1].update(unscorable={"a": "why"}),
    "no results": lambda answer: answer.pop("results"),
    "no fingerprint": lambda answer: answer.pop("fingerprint"),
    "no version": lambda answer: answer.pop("schema_version"),
    "another version": lambda answer: answer.update(schema_version="2"),
    "layers left out": lambda answer: answer["results"][1].update(layers=None),
    "layers of another": lambda answer: answer["results"][1].update(layers={"b": {"score": 1.0}}),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_answer_is_refused(name: str) -> None:
    def answer(send: Send) -> Reply:
        spoilt = scored(request_of(send))
        SPOILT[name](spoilt)
        return Reply(200, json.dumps(spoilt).encode())

    with pytest.raises(RewardProtocolError):
        ask(3, answer, detail=Detail.LAYERS)
    assert len(ask(3, honest, detail=Detail.LAYERS)[0].results) == 3  # unspoilt, it is accepted


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello</html>", b"[]", b"null", b'"1"', b'{"schema_version": "1"}', b"\xff"]
)
def test_an_answer_that_is_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(RewardProtocolError):
        ask(1, lambda _: Reply(200, body))


def test_a_version_is_named_before_what_follows_from_it() -> None:
    with pytest.raises(RewardProtocolError, match="version '2', this client '1'"):
        ask(1, lambda _: Reply(200, b'{"schema_version": "2", "scores": [1]}'))


def test_none_with_a_reason_is_an_answer() -> None:
    def answer(send: Send) -> Reply:
        body = scored(request_of(send))
        body["results"][1] |= {"rewards": {"a": None}, "unscorable": {"a": "no reference was given"}}
        return Reply(200, json.dumps(body).encode())

    result = ask(2, answer)[0].results[1]
    assert result.rewards == {"a": None}
    assert result.unscorable == {"a": "no reference was given"}


def test_a_server_that_changes_in_the_middle_of_a_batch_is_noticed() -> None:
    fingerprints = iter(["one", "two"])

    def answer(send: Send) -> Reply:
        if send.path == "/info":
            return Reply(200, limits(50))
        return Reply(200, json.dumps(scored(request_of(send)) | {"fingerprint": next(fingerprints)}).encode())

    with pytest.raises(RewardProtocolError, match="changed in the middle"):
        ask(100, answer)


# --- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429])
def test_4xx_is_rejected_with_what_the_server_says(status: int) -> None:
    body = b'{"error": {"code": "some_code", "message": "some message", "where": "rewards.0"}}'
    with pytest.raises(RewardRejected, match=r"some_code at rewards\.0: some message") as caught:
        ask(1, lambda _: Reply(status, body))
    error = caught.value
    assert (error.status, error.code, error.message, error.where) == (
        status,
        "some_code",
        "some message",
        "rewards.0",
    )


def test_an_error_of_another_shape_is_told_as_it_is() -> None:
    with pytest.raises(RewardRejected) as caught:
        ask(1, lambda _: Reply(404, b"nginx: not found"))
    assert (caught.value.code, caught.value.message) == ("http_404", "nginx: not found")


def test_500_is_an_error_of_the_server() -> None:
    with pytest.raises(RewardServerError, match="worker_failed"):
        ask(1, lambda _: Reply(500, b'{"error": {"code": "worker_failed", "message": "m"}}'))


@pytest.mark.parametrize("status", [204, 301, 302])
def test_any_other_status_is_no_answer(status: int) -> None:
    with pytest.raises(RewardProtocolError, match=str(status)):
        ask(1, lambda _: Reply(status, b""))
