"""Keys and body sizes, before anything is parsed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.api.serving import ITEM, error_of, serving

pytestmark = pytest.mark.anyio

KEYS = (SecretStr("first-key"), SecretStr("second-key"))
BEHIND_THE_KEY = ["/rewards", "/info", "/metrics", "/openapi.json", "/nowhere"]


@pytest.mark.parametrize("path", BEHIND_THE_KEY)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer third-key",
        "Bearer first-keyy",
        "Basic first-key",
        "first-key",
        "Bearer fïrst",
        "Bearer first-key, second-key",
    ],
)
async def test_without_a_known_key_nothing_is_answered(path: str, header: str | None) -> None:
    async with serving(FakeScorer(), api_keys=KEYS) as client:
        headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
        response = await client.get(path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    error = error_of(response)
    assert error["code"] == "unauthorized"
    assert "first" not in response.text


async def test_score_wants_the_key_before_it_reads_the_body() -> None:
    scorer = FakeScorer()
    async with serving(scorer, api_keys=KEYS) as client:
        response = await client.post("/score", content=b"no json")
    assert response.status_code == 401
    assert scorer.asked == []


@pytest.mark.parametrize("header", ["Bearer first-key", "Bearer second-key", "bearer  first-key"])
async def test_every_key_is_let_in(header: str) -> None:
    async with serving(FakeScorer(), api_keys=KEYS) as client:
        response = await client.post("/score", json={"items": [ITEM]}, headers={"authorization": header})
        assert response.status_code == 200
        assert (await client.get("/metrics", headers={"authorization": header})).status_code == 200


async def test_probes_need_no_key_and_without_keys_nobody_does() -> None:
    async with serving(FakeScorer(), api_keys=KEYS) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
    async with serving(FakeScorer()) as client:
        assert (await client.get("/rewards", headers={"authorization": "Bearer x"})).status_code == 200


async def test_a_body_that_declares_too_much_is_refused() -> None:
    scorer = FakeScorer()
    async with serving(scorer, max_body_bytes=1024) as client:
        response = await client.post("/score", content=b"x" * 1025)
    assert response.status_code == 413
    assert error_of(response)["code"] == "too_large"
    assert scorer.asked == []


async def test_a_body_that_streams_too_much_is_refused() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    async with serving(FakeScorer(), max_body_bytes=1024) as client:
        response = await client.post("/score", content=pieces())
    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert error_of(response)["code"] == "too_large"


async def test_a_body_of_just_the_limit_is_read() -> None:
    async with serving(FakeScorer(), max_body_bytes=1024) as client:
        response = await client.post(
            "/score", content=b"x" * 1024, headers={"content-type": "application/json"}
        )
    assert response.status_code == 422


async def test_a_length_that_is_no_number_is_refused() -> None:
    async with serving(FakeScorer()) as client:
        response = await client.post("/score", content=b"{}", headers={"content-length": "-1"})
    assert response.status_code == 422
    assert error_of(response)["where"] == "body"
