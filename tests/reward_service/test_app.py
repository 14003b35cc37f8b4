"""The app's life: the engine starts in the background, and whoever waits for it is told how it went."""

from __future__ import annotations

import asyncio

import httpx

from reward_service.app import create_app, openapi_document
from reward_service.errors import ModelUnavailable
from reward_service.settings import Settings
from tests.reward_service.api.fake_scorer import FakeScorer


def test_nothing_is_started_before_the_lifespan() -> None:
    scorer = FakeScorer()
    create_app(Settings(), scorer)
    assert not scorer.started


def test_the_lifespan_begins_at_once_tells_of_the_start_and_closes_the_engine() -> None:
    told: list[Exception | None] = []

    async def life() -> FakeScorer:
        gate = asyncio.Event()
        scorer = FakeScorer(start_gate=gate)
        app = create_app(Settings(), scorer, on_started=told.append)
        async with asyncio.timeout(5), app.router.lifespan_context(app):
            await asyncio.sleep(0.01)
            assert told == []
            gate.set()
            while not told:
                await asyncio.sleep(0)
            assert not scorer.closed
        return scorer

    assert asyncio.run(life()).closed
    assert told == [None]


def test_a_failed_start_is_told_and_the_engine_is_closed_all_the_same() -> None:
    told: list[Exception | None] = []

    async def life() -> FakeScorer:
        scorer = FakeScorer(unavailable="no weights; run make setup")
        app = create_app(Settings(), scorer, on_started=told.append)
        async with asyncio.timeout(5), app.router.lifespan_context(app):
            while not told:
                await asyncio.sleep(0)
        return scorer

    assert asyncio.run(life()).closed
    assert isinstance(told[0], ModelUnavailable)


def test_a_stop_while_the_models_load_does_not_hang() -> None:
    async def life() -> FakeScorer:
        scorer = FakeScorer(start_gate=asyncio.Event())
        app = create_app(Settings(), scorer)
        async with asyncio.timeout(5), app.router.lifespan_context(app):
            await asyncio.sleep(0.01)
        return scorer

    scorer = asyncio.run(life())
    assert scorer.closed
    assert not scorer.started


def test_the_served_schema_is_the_documented_one() -> None:
    async def fetch() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(Settings(), FakeScorer()))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/openapi.json")

    assert asyncio.run(fetch()).json() == openapi_document()


def test_every_refusal_is_documented_in_the_common_shape() -> None:
    score = openapi_document()["paths"]["/score"]["post"]["responses"]
    for status in ("401", "413", "422", "500", "503"):
        schema = score[status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, status
    assert "HTTPValidationError" not in openapi_document()["components"]["schemas"]
