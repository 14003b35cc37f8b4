"""Hostile text through real sockets: a score or a clear refusal, never a 500."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from shared.schema import ScoreResponse
from tests.contract.conftest import MAX_BODY_BYTES, MAX_ITEMS

QUESTION = "What is surplus value?"
REFERENCE = "Surplus value is the value that workers produce beyond the value of their labour power."
LONG = ("Surplus value is unpaid labour. " * 1000)[:30_000]

TEXTS = {
    "empty": "",
    "blank": " \n\t ",
    "only NUL": "\0",
    "NUL within": "Surplus\0 value is \0unpaid labour.",
    "lone high surrogate": "Value \ud800 is labour.",
    "lone low surrogate": "\udfff",
    "only surrogates": "\ud800" * 50,
    "pair the wrong way": "\udc00\ud800",
    "right to left": "ערך עודף הוא עבודה שלא שולמה. القيمة الزائدة.",
    "bidi override": "\u202evalue surplus\u202c is labour.",
    "emoji": "👩🏽‍🏭👨‍👩‍👧‍👦🇨🇺" * 30,
    "combining": "Z" + "\u0301" * 2000,
    "zero width": "\u200b\u200d\ufeff" * 100,
    "30,000 characters": LONG,
    "30,000 without a space": "x" * 30_000,
    "2,000 sentences": "A. " * 2000,
    "only tags": "<think></think>",
    "only open": "<think>",
    "only close": "</think>",
    "many tags": "<think>" * 500 + "</think>" * 500,
    "model tokens": "</s><s>[CLS][SEP]<|im_end|><unk>",
    "markup": "<script>alert(1)</script> [bold]x[/bold] %s {0} ${x}",
    "line separators": "Value.\u2028Labour.\u2029Time.\x0bMore.\x0c",
    "one letter": "a",
    "digits": "1 2 3 4 5 6 7 8 9 0",
    "punctuation": "?!.,;:" * 200,
    "newlines": "\n" * 10_000,
}


def post(client: httpx.Client, body: Any) -> httpx.Response:
    """As JSON with escapes, which can carry lone surrogates."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode("ascii")
    return client.post("/score", content=content, headers={"content-type": "application/json"})


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error of an answer, in exactly the one shape."""
    body = response.json()
    assert list(body) == ["error"], body
    assert list(body["error"]) == ["code", "message", "where"], body
    assert body["error"]["code"]
    assert body["error"]["message"]
    return dict(body["error"])


@pytest.fixture(scope="module")
def every_reward(client: httpx.Client) -> dict[str, tuple[float, float]]:
    """Every reward with its range."""
    rewards = client.get("/rewards").raise_for_status().json()["rewards"]
    return {reward["name"]: (reward["low"], reward["high"]) for reward in rewards}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("field", ["completion", "prompt", "reference"])
def test_every_text_gets_a_score_or_a_reason_in_every_field(
    client: httpx.Client, every_reward: dict[str, tuple[float, float]], field: str, text: str
) -> None:
    item = {"prompt": QUESTION, "completion": REFERENCE, "reference": REFERENCE} | {field: text}
    response = post(client, {"items": [item], "rewards": list(every_reward), "detail": "evidence"})
    assert response.status_code == 200, response.text
    result = ScoreResponse.model_validate(response.json()).results[0]
    assert set(result.rewards) == set(every_reward)
    for name, score in result.rewards.items():
        low, high = every_reward[name]
        if score is None:
            assert result.unscorable[name]
        else:
            assert low <= score <= high, name
            assert name not in result.unscorable


def test_a_surrogate_in_raw_bytes_is_taken_as_the_escape_is(client: httpx.Client) -> None:
    response = post(client, b'{"items": [{"prompt": "Value \xed\xa0\x80?", "completion": "x"}]}')
    assert response.status_code == 200
    assert len(response.json()["results"]) == 1


BAD_BODIES: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", "body"),
    "no JSON": (b"{", "body"),
    "a string": (b'"x"', "body"),
    "null": (b"null", "body"),
    "invalid UTF-8": (b'{"items": [{"prompt": "\xff\xfe", "completion": "x"}]}', "body"),
    "overlong UTF-8": (b'{"items": [{"prompt": "\xc0\x80", "completion": "x"}]}', "body"),
    "raw NUL": (b'{"items": [{"prompt": "a\0b", "completion": "x"}]}', "body"),
    "a NUL for a body": (b"\0", "body"),
    "UTF-7 byte order mark": (b"+/v8-", "body"),
    "NaN for a text": (b'{"items": [{"prompt": NaN, "completion": "x"}]}', "items.0.prompt"),
    "NaN for a deadline": (b'{"items": [], "deadline_s": NaN}', "deadline_s"),
    "Infinity for a deadline": (b'{"items": [], "deadline_s": Infinity}', "deadline_s"),
    "a huge number": (b'{"items": [], "deadline_s": 1' + b"0" * 400 + b"}", "deadline_s"),
    "more digits than Python reads": (b'{"items": [], "deadline_s": 1' + b"0" * 5000 + b"}", "body"),
    "deep lists": (b"[" * 100_000, "body"),
    "deep objects": (b'{"a":' * 50_000, "body"),
    "deep within a field": (b'{"items": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "body"),
    "a surrogate for a field": (b'{"items": [], "\\ud800": 1}', None),
    "a surrogate for an id": (
        b'{"items": [{"id": "\\ud800", "prompt": "", "completion": ""}]}',
        "items.0.id",
    ),
    "a surrogate for a reward": (b'{"items": [], "rewards": ["\\ud800"]}', "rewards.0"),
    "a NUL for a reward": (b'{"items": [], "rewards": ["\\u0000"]}', "rewards.0"),
    "a number for a completion": (b'{"items": [{"prompt": "", "completion": 1}]}', "items.0.completion"),
}


@pytest.mark.parametrize(("body", "where"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_body_is_a_422_that_says_where(client: httpx.Client, body: bytes, where: str | None) -> None:
    response = post(client, body)
    assert response.status_code == 422, response.text
    error = error_of(response)
    if where is not None:
        assert error["where"] == where, error


def test_a_body_over_the_limit_is_a_413_and_the_connection_lives(client: httpx.Client) -> None:
    for _ in range(3):
        response = post(client, b'"' + b"x" * (MAX_BODY_BYTES * 8) + b'"')
        assert response.status_code == 413
        assert error_of(response)["code"] == "too_large"
    assert client.get("/info").status_code == 200


def test_a_streamed_body_over_the_limit_is_a_413(client: httpx.Client) -> None:
    pieces = (b"x" * 65_536 for _ in range(64))
    response = client.post("/score", content=pieces, headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert error_of(response)["code"] == "too_large"


def test_limits_on_items_and_texts_are_those_of_info(client: httpx.Client) -> None:
    limits = client.get("/info").json()["limits"]
    assert (limits["max_items"], limits["max_body_bytes"]) == (MAX_ITEMS, MAX_BODY_BYTES)
    item = {"prompt": "", "completion": ""}
    many = post(client, {"items": [item] * (MAX_ITEMS + 1)})
    assert (many.status_code, error_of(many)["code"], error_of(many)["where"]) == (
        422,
        "too_many_items",
        "items",
    )
    long = post(client, {"items": [item, {"prompt": "", "completion": "x" * (limits["max_text_chars"] + 1)}]})
    assert (long.status_code, error_of(long)["code"]) == (422, "text_too_long")
    assert error_of(long)["where"] == "items.1.completion"


def test_a_refused_item_is_named_and_takes_the_request_with_it(client: httpx.Client) -> None:
    items = [{"prompt": QUESTION, "completion": REFERENCE}, {"prompt": QUESTION, "completion": None}]
    response = post(client, {"items": items})
    assert response.status_code == 422
    assert error_of(response)["where"] == "items.1.completion"
