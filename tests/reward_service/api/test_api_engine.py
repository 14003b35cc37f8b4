"""The routes around the real engine, with fake models: errors, catalogue and readiness reach the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from reward_service.app import create_app
from reward_service.catalogue import build_catalogue
from reward_service.engine import Engine
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import FakeAnnotator, fake_pack
from reward_service.models.protocols import ModelPack
from reward_service.settings import Settings
from shared.schema import DEFAULT_REWARD, ScoreResponse
from tests.reward_service.api.serving import ITEM, error_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(pack: ModelPack) -> AsyncIterator[httpx.AsyncClient]:
    started = asyncio.Event()
    engine = Engine(lambda: pack, build_catalogue(load_lexicon("marxist")))
    app = create_app(Settings(), engine, on_started=lambda _: started.set())
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(started.wait(), 60)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def test_every_listed_reward_can_be_asked_for_and_alone_equals_in_company() -> None:
    async with serving(fake_pack()) as client:
        rewards = (await client.get("/rewards")).json()["rewards"]
        names = [reward["name"] for reward in rewards]
        body = {"items": [ITEM, ITEM | {"completion": "Rent."}], "rewards": names, "detail": "evidence"}
        both = ScoreResponse.model_validate((await client.post("/score", json=body)).json())
        body["items"] = [ITEM]
        alone = ScoreResponse.model_validate((await client.post("/score", json=body)).json())
    assert DEFAULT_REWARD in names
    assert set(both.results[0].rewards) == set(names)
    assert both.results[0] == alone.results[0]
    assert both.fingerprint == alone.fingerprint
    ranges = {reward["name"]: (reward["low"], reward["high"]) for reward in rewards}
    for name, score in both.results[0].rewards.items():
        assert score is None or ranges[name][0] <= score <= ranges[name][1]


async def test_a_missing_reference_is_a_reason_and_not_a_number() -> None:
    async with serving(fake_pack()) as client:
        body = {"items": [ITEM | {"reference": None}], "rewards": ["nli_coherence_reward"]}
        response = await client.post("/score", json=body)
    result = response.json()["results"][0]
    assert result["rewards"] == {"nli_coherence_reward": None}
    assert "reference" in result["unscorable"]["nli_coherence_reward"]


async def test_info_names_the_models_and_the_workers_are_ok() -> None:
    async with serving(fake_pack()) as client:
        info, ready = (await client.get("/info")).json(), (await client.get("/health/ready")).json()
    assert {model["role"] for model in info["models"]} == {"nli", "embedder", "annotator"}
    assert (info["pack"], ready["status"]) == ("fake", "ok")


async def test_a_model_that_raises_is_a_500_for_that_request_alone() -> None:
    bad = "This text breaks the model."
    async with serving(fake_pack(annotator=FakeAnnotator(fail_on=[bad]))) as client:
        broken = await client.post("/score", json={"items": [ITEM | {"completion": bad}]})
        fine = await client.post("/score", json={"items": [ITEM]})
    assert broken.status_code == 500
    assert error_of(broken)["code"] == "worker_failed"
    assert fine.status_code == 200


async def test_a_deadline_that_passes_is_a_503_with_retry_after() -> None:
    async with serving(fake_pack(annotator=FakeAnnotator(delay_s=0.5))) as client:
        response = await client.post("/score", json={"items": [ITEM], "deadline_s": 0.05})
    assert response.status_code == 503
    assert error_of(response)["code"] == "deadline_passed"
    assert int(response.headers["retry-after"]) >= 1


async def test_an_unknown_reward_is_named_by_its_place() -> None:
    async with serving(fake_pack()) as client:
        body = {"items": [ITEM], "rewards": [DEFAULT_REWARD, "full_coherence"]}
        response = await client.post("/score", json=body)
    error = error_of(response)
    assert (response.status_code, error["code"], error["where"]) == (422, "unknown_reward", "rewards.1")
    assert "full_coherence_reward" in error["message"]
