"""`/rewards`, `/info`, `/health/*`, `/metrics`, and paths that do not exist."""

from __future__ import annotations

import asyncio

import pytest

from shared.schema import DEFAULT_REWARD, Health, RewardList, ServerInfo
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.reward_service.api.serving import ITEM, error_of, serving

pytestmark = pytest.mark.anyio


async def test_rewards_are_listed() -> None:
    async with serving(FakeScorer()) as client:
        response = await client.get("/rewards")
    names = [reward.name for reward in RewardList.model_validate(response.json()).rewards]
    assert names == [DEFAULT_REWARD, PART]


async def test_info_says_what_answers_and_what_it_takes() -> None:
    async with serving(FakeScorer(), max_items=7, deadline_live_s=2) as client:
        info = ServerInfo.model_validate((await client.get("/info")).json())
    assert (info.pack, info.fingerprint, info.limits.max_items) == ("fake", "f00d", 7)
    assert info.models[0].name == "fake-nli"
    assert info.default_deadline_s == {"training": 600, "evaluation": 1800, "live": 2}


async def test_while_models_load_the_process_is_live_and_not_ready() -> None:
    gate = asyncio.Event()
    scorer = FakeScorer(start_gate=gate)
    async with serving(scorer, wait=False) as client:
        live = await client.get("/health/live")
        early = await client.get("/health/ready")
        info = await client.get("/info")
        gate.set()
        while not scorer.ready:
            await asyncio.sleep(0)
        late = await client.get("/health/ready")
    assert live.status_code == 200
    assert Health.model_validate(live.json()).status == "loading"
    assert early.status_code == info.status_code == 503
    assert early.headers["retry-after"] == "5"
    assert error_of(early)["code"] == "not_ready"
    assert "nli: loading" in error_of(early)["message"]
    assert late.status_code == 200
    assert late.json() == {"status": "ok", "workers": {"nli": "ok"}}
    assert scorer.closed


async def test_a_dead_worker_makes_the_server_unready_and_is_named() -> None:
    scorer = FakeScorer()
    async with serving(scorer) as client:
        assert (await client.get("/health/ready")).status_code == 200
        scorer.dead = "CUDA out of memory"
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
        metrics = await client.get("/metrics")
    assert ready.status_code == 503
    assert "CUDA out of memory" in error_of(ready)["message"]
    assert live.json()["status"] == "failed"
    assert "touchstone_ready 0.0" in metrics.text
    assert 'touchstone_worker_up{worker="nli"} 0.0' in metrics.text


async def test_models_that_cannot_be_loaded_are_reported() -> None:
    async with serving(FakeScorer(unavailable="no such model; do this"), wait=False) as client:
        await asyncio.sleep(0.01)
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
    assert ready.status_code == 503
    assert "no such model; do this" in error_of(ready)["message"]
    assert live.json()["status"] == "failed"


async def test_metrics_count_requests_items_nulls_and_nli_work() -> None:
    async with serving(FakeScorer()) as client:
        await client.post(
            "/score", json={"items": [ITEM, ITEM | {"completion": ""}], "rewards": [PART, PART]}
        )
        await client.post("/score", json={"items": [ITEM], "rewards": ["nope"]})
        await client.get("/nowhere/else")
        text = (await client.get("/metrics")).text
    for line in (
        'touchstone_requests_total{route="/score",status="200"} 1.0',
        'touchstone_requests_total{route="/score",status="422"} 1.0',
        'touchstone_requests_total{route="unmatched",status="404"} 1.0',
        'touchstone_request_seconds_count{route="/score"} 2.0',
        'touchstone_items_scored_total{lane="training"} 2.0',
        f'touchstone_unscorable_total{{reward="{PART}"}} 1.0',
        "touchstone_nli_pairs_total 3.0",
        "touchstone_nli_tokens_total 40.0",
        "touchstone_cache_hits_total 1.0",
        "touchstone_requests_in_flight 1.0",
        "touchstone_ready 1.0",
        'touchstone_queue_wait_seconds{worker="nli"} 1.5',
        'touchstone_model_padded_tokens_total{worker="nli"} 104.0',
        'touchstone_model_forward_seconds_total{worker="nli"} 0.5',
    ):
        assert line in text.splitlines()


async def test_two_apps_count_apart() -> None:
    async with serving(FakeScorer()) as first, serving(FakeScorer()) as second:
        await first.post("/score", json={"items": [ITEM]})
        text = (await second.get("/metrics")).text
    assert 'touchstone_items_scored_total{lane="training"} 0.0' in text.splitlines()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/docs", 404, "not_found"),
        ("GET", "/score", 405, "method_not_allowed"),
        ("DELETE", "/rewards", 405, "method_not_allowed"),
    ],
)
async def test_wrong_paths_and_methods_have_the_common_shape(
    method: str, path: str, status: int, code: str
) -> None:
    async with serving(FakeScorer()) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert error_of(response)["code"] == code
    if status == 405:
        assert response.headers["allow"]
