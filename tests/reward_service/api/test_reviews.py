"""`/reviews` over HTTP: what is listed, what is decided, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from reward_service.app import create_app
from reward_service.records import Records
from reward_service.settings import Settings
from shared.schema import Outcome, Review, ReviewList
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.api.serving import error_of, serving
from tests.reward_service.records.samples import HOSTILE, answered, asked, reason

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"


@asynccontextmanager
async def reviewing(folder: Path, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Records]]:
    """A server that keeps checks, and its records."""
    url = SecretStr(f"sqlite:///{folder / 'kept.db'}")
    scorer = FakeScorer()
    app = create_app(Settings(record_checks=True, database_url=url, **settings), scorer)
    records = app.state.context.records
    assert isinstance(records, Records)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            while not scorer.ready:
                await client.get("/health/ready")
            yield client, records


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
    response = await client.get("/reviews", params=query)
    assert response.status_code == 200, response.text
    return [review.id for review in ReviewList.model_validate(response.json()).reviews]


async def test_without_a_filter_what_needs_a_person_is_listed(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (client, records):
        passed = await records.keep(asked(), answered())
        doubtful = await records.keep(asked(), answered(reason()))
        failed = await records.keep(asked(), answered(reason("off_topic", Outcome.FAIL), policy="strict"))
        done = await records.keep(asked("Settled question"), answered(reason()))
        assert (await client.post(f"/reviews/{done}", json={"state": "accepted"})).status_code == 200
        assert await ids(client) == [failed, doubtful]
        assert await ids(client, state="all") == [done, failed, doubtful]
        assert await ids(client, verdict="all") == [failed, doubtful, passed]
        assert await ids(client, verdict="all", state="all") == [done, failed, doubtful, passed]
        assert await ids(client, verdict="pass") == [passed]
        assert await ids(client, state="accepted") == [done]
        assert await ids(client, policy="strict") == [failed]
        assert await ids(client, code="loop", state="all") == [done, doubtful]
        assert await ids(client, contains="settled", state="all") == [done]
        assert await ids(client, since="2020-01-01", until="2021-01-01T00:00:00Z") == []
        assert await ids(client, since="2020-01-01T00:00:00+02:00") == [failed, doubtful]


async def test_pages(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (client, records):
        kept = [await records.keep(asked(str(n)), answered(reason())) for n in range(5)]
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        for _ in range(3):
            page = ReviewList.model_validate((await client.get("/reviews", params=query)).json())
            assert page.total == 5
            seen += [review.id for review in page.reviews]
            query["cursor"] = page.next
        assert page.next is None
        assert seen == kept[::-1]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_check_is_shown_as_it_was_kept(tmp_path: Path, text: str) -> None:
    about = reason("loop", message=text, span=(0, 3), evidence={"text": text})
    async with reviewing(tmp_path) as (client, records):
        identity = await records.keep(asked(text, context=[text]), answered(about, answer=text))
        response = await client.get(f"/reviews/{identity}")
        listed = (await client.get("/reviews")).json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    shown = response.json()
    assert (shown["question"], shown["answer"], shown["context"]) == (text, text, [text])
    assert shown["reasons"] == [about.model_dump() | {"span": [0, 3]}]
    assert shown["created_at"].endswith("Z")
    assert listed == {"reviews": [shown], "total": 1, "next": None}


async def test_a_decision_is_noted_and_taken_back(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (client, records):
        identity = await records.keep(asked(), answered(reason()))
        rejection = {"state": "rejected", "note": "it loops \x00 👎"}
        first = await client.post(f"/reviews/{identity}", json=rejection)
        again = await client.post(f"/reviews/{identity}", json=rejection)
        back = await client.post(f"/reviews/{identity}", json={"state": "open"})
        shown = await client.get(f"/reviews/{identity}")
    assert first.status_code == again.status_code == back.status_code == 200
    review = Review.model_validate(first.json())
    assert (review.state, review.note) == ("rejected", "it loops \x00 👎")
    assert again.json() == first.json()
    assert (back.json()["state"], back.json()["note"], back.json()["decided_at"]) == ("open", None, None)
    assert shown.json() == back.json()


@pytest.mark.parametrize("identity", [NOBODY, "x", "%00", "%F0%9F%91%8E", "a" * 3000])
async def test_an_id_that_nothing_has(tmp_path: Path, identity: str) -> None:
    async with reviewing(tmp_path) as (client, _):
        for response in (
            await client.get(f"/reviews/{identity}"),
            await client.post(f"/reviews/{identity}", json={"state": "accepted"}),
        ):
            assert response.status_code == 404
            assert error_of(response)["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("verdict=bad", "verdict"),
        ("verdict=", "verdict"),
        ("state=closed", "state"),
        ("since=yesterday", "since"),
        ("until=0001-01-01T00:00:00%2B10:00", "until"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=none", "cursor"),
        ("cursor=%00", "cursor"),
        ("verdikt=pass", "verdikt"),
        (f"contains={'x' * 201}", "contains"),
    ],
)
async def test_a_bad_filter_is_named(tmp_path: Path, query: str, where: str) -> None:
    async with reviewing(tmp_path) as (client, _):
        response = await client.get(f"/reviews?{query}")
    assert response.status_code == 422
    error = error_of(response)
    assert error["code"] == "invalid_request"
    assert error["where"] in {where, f"query.{where}"}


@pytest.mark.parametrize(
    "query", ["contains=%00", "policy=%00", "code=%F0%9F%91%8E", "contains=%25", "code="]
)
async def test_an_odd_filter_finds_nothing(tmp_path: Path, query: str) -> None:
    async with reviewing(tmp_path) as (client, records):
        await records.keep(asked(), answered(reason()))
        response = await client.get(f"/reviews?{query}")
    assert response.status_code == 200
    assert response.json() == {"reviews": [], "total": 0, "next": None}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "state"),
        ({"state": "maybe"}, "state"),
        ({"state": "accepted", "note": "x" * 4001}, "note"),
        ({"state": "accepted", "by": "me"}, "by"),
    ],
)
async def test_a_bad_decision_is_named_and_changes_nothing(
    tmp_path: Path, body: dict[str, Any], where: str
) -> None:
    async with reviewing(tmp_path) as (client, records):
        identity = await records.keep(asked(), answered(reason()))
        response = await client.post(f"/reviews/{identity}", json=body)
        assert (await records.get(identity)).decided_at is None
    assert response.status_code == 422
    assert error_of(response)["where"] == where


async def test_a_server_that_keeps_nothing_says_how_to_keep() -> None:
    async with serving(FakeScorer()) as client:
        for response in (
            await client.get("/reviews"),
            await client.get(f"/reviews/{NOBODY}"),
            await client.post(f"/reviews/{NOBODY}", json={"state": "accepted"}),
        ):
            assert response.status_code == 503
            assert error_of(response)["code"] == "records_unavailable"
            assert "REWARD_RECORD_CHECKS=true" in error_of(response)["message"]
            assert "retry-after" not in response.headers  # coming back would not help


async def test_a_key_is_needed_where_the_server_has_one(tmp_path: Path) -> None:
    async with reviewing(tmp_path, api_keys=(SecretStr("sesame"),)) as (client, _):
        refused = await client.get("/reviews")
        let_in = await client.get("/reviews", headers={"Authorization": "Bearer sesame"})
    assert (refused.status_code, let_in.status_code) == (401, 200)


async def test_a_database_that_cannot_be_opened_makes_the_server_unready(tmp_path: Path) -> None:
    kept = {"record_checks": True, "database_url": SecretStr(f"sqlite:///{tmp_path}/missing/kept.db")}
    async with serving(FakeScorer(), wait=False, **kept) as client:
        while (
            (ready := await client.get("/health/ready")).json()["error"]["message"].startswith("the models")
        ):
            pass
        reviews = await client.get("/reviews")
    assert "REWARD_DATABASE_URL" in error_of(ready)["message"]
    assert reviews.status_code == 503
    assert error_of(reviews)["code"] == "records_unavailable"
