"""`POST /score`: what reaches the engine, what comes back, and what is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from reward_service.errors import Overloaded, WorkerFailed
from shared.schema import DEFAULT_REWARD, Lane, ScoreResponse
from tests.reward_service.api.fake_scorer import PART, FakeScorer
from tests.reward_service.api.serving import ITEM, error_of, serving

pytestmark = pytest.mark.anyio


def user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, str]:
    return {"role": "assistant", "content": content}


async def test_scores_come_back_in_order_with_fingerprint_and_usage() -> None:
    async with serving(FakeScorer()) as client:
        items = [ITEM | {"id": "a", "completion": "12345"}, ITEM | {"completion": "123"}]
        response = await client.post("/score", json={"items": items})
    assert response.status_code == 200
    answer = ScoreResponse.model_validate(response.json())
    assert [result.id for result in answer.results] == ["a", "1"]
    assert [result.rewards for result in answer.results] == [{DEFAULT_REWARD: 5.0}, {DEFAULT_REWARD: 3.0}]
    assert [result.layers for result in answer.results] == [None, None]
    assert answer.fingerprint == "f00d"
    assert answer.usage.model_dump() == {"nli_pairs": 3, "nli_tokens": 40, "cached": 1}


async def test_an_unscorable_item_is_null_with_its_reason_and_never_a_number() -> None:
    async with serving(FakeScorer()) as client:
        response = await client.post("/score", json={"items": [ITEM | {"completion": "<think>so"}, ITEM]})
    first, second = response.json()["results"]
    assert first["rewards"] == {DEFAULT_REWARD: None}
    assert first["unscorable"] == {DEFAULT_REWARD: "there is no answer"}
    assert second["unscorable"] == {}


async def test_detail_adds_layers_and_then_evidence() -> None:
    async with serving(FakeScorer()) as client:
        answers = {
            detail: (await client.post("/score", json={"items": [ITEM], "detail": detail})).json()
            for detail in ("scores", "layers", "evidence")
        }
    assert answers["scores"]["results"][0]["layers"] is None
    layers = answers["layers"]["results"][0]["layers"]
    assert layers[DEFAULT_REWARD] == {
        "score": 22.0,
        "value": None,
        "reason": None,
        "decided_by": "sum",
        "parts": {PART: 0.6},
        "evidence": None,
    }
    assert layers[PART]["evidence"] is None
    evidence = answers["evidence"]["results"][0]["layers"][PART]["evidence"]
    assert evidence == {"covered": ["Congealed labour tim"], "share": 0.7}


async def test_the_engine_gets_question_split_completion_lane_and_deadline() -> None:
    scorer = FakeScorer()
    conversation = [user("Old?"), assistant("Old."), user("What is value?"), assistant("Wait")]
    completion = [
        assistant("<think>Hm.</think>Labour"),
        {"role": "tool", "content": "no"},
        assistant("time."),
    ]
    async with serving(scorer, deadline_live_s=3) as client:
        item = {"prompt": conversation, "completion": completion}
        await client.post("/score", json={"items": [item], "rewards": [PART], "lane": "live"})
        await client.post("/score", json={"items": [item], "deadline_s": 7.5})
    (samples, rewards, lane, deadline_s), second = scorer.asked
    assert samples[0].question == "What is value?"
    assert samples[0].completion.reasoning == "Hm."
    assert samples[0].completion.answer == "Labour\ntime."
    assert samples[0].reference is None
    assert (rewards, lane, deadline_s) == ([PART], Lane.LIVE, 3.0)
    assert second[1:] == ([DEFAULT_REWARD], Lane.TRAINING, 7.5)


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        pytest.param({}, "invalid_request", "items", id="no items"),
        pytest.param([], "invalid_request", "body", id="a list"),
        pytest.param({"items": [ITEM], "reward": ["x"]}, "invalid_request", "reward", id="misspelt field"),
        pytest.param({"items": [ITEM], "rewards": []}, "invalid_request", "rewards", id="no rewards"),
        pytest.param(
            {"items": [ITEM], "rewards": [PART, "nope"]}, "unknown_reward", "rewards.1", id="unknown"
        ),
        pytest.param({"items": [ITEM], "detail": "all"}, "invalid_request", "detail", id="detail"),
        pytest.param({"items": [ITEM], "deadline_s": 0}, "invalid_request", "deadline_s", id="deadline"),
        pytest.param(
            {"items": [ITEM, {"prompt": "a"}]}, "invalid_request", "items.1.completion", id="missing"
        ),
        pytest.param({"items": [ITEM | {"prompt": 3}]}, "invalid_request", "items.0.prompt", id="type"),
        pytest.param(
            {"items": [ITEM | {"prompt": [{"role": "alien", "content": "x"}]}]},
            "invalid_request",
            "items.0.prompt.0.role",
            id="role",
        ),
        pytest.param(
            {"items": [ITEM | {"prompt": []}]}, "invalid_request", "items.0.prompt", id="no messages"
        ),
        pytest.param(
            {"items": [ITEM, ITEM | {"prompt": [assistant("x")]}]},
            "invalid_request",
            "items.1.prompt",
            id="no user",
        ),
        pytest.param(
            {"items": [ITEM | {"completion": [user("x")]}]},
            "invalid_request",
            "items.0.completion",
            id="no assistant",
        ),
        pytest.param(
            {"items": [ITEM | {"id": "x"}, ITEM, ITEM | {"id": "x"}]},
            "invalid_request",
            "items.2.id",
            id="same ids",
        ),
        pytest.param(
            {"items": [ITEM | {"id": "1"}, ITEM]}, "invalid_request", "items.0.id", id="id is an index"
        ),
        pytest.param(
            {"items": [ITEM | {"id": "\ud800"}]}, "invalid_request", "items.0.id", id="surrogate id"
        ),
        pytest.param({"items": [ITEM | {"\ud800": 1}]}, "invalid_request", "items.0", id="surrogate key"),
        pytest.param(
            {"items": [ITEM], "rewards": ["\ud800"]}, "unknown_reward", "rewards.0", id="surrogate reward"
        ),
        pytest.param({"items": [ITEM] * 4}, "too_many_items", "items", id="too many"),
        pytest.param(
            {"items": [ITEM, ITEM | {"completion": "x" * 101}]},
            "text_too_long",
            "items.1.completion",
            id="long",
        ),
        pytest.param(
            {"items": [ITEM | {"prompt": "x" * 101}]}, "text_too_long", "items.0.prompt", id="long prompt"
        ),
        pytest.param(
            {"items": [ITEM | {"reference": "x" * 101}]},
            "text_too_long",
            "items.0.reference",
            id="long reference",
        ),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_scored(body: Any, code: str, where: str) -> None:
    scorer = FakeScorer()
    async with serving(scorer, max_items=3, max_text_chars=100) as client:
        response = await client.post(
            "/score", content=json.dumps(body), headers={"content-type": "application/json"}
        )
    assert response.status_code == 422
    error = error_of(response)
    assert (error["code"], error["where"]) == (code, where), error
    assert "x" * 50 not in response.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"items": [', "no JSON"),
        (b'{"items": ["\xff\xfe"]}', "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b"", "body"),
        (b'{"items": [{"prompt": NaN, "completion": "x"}]}', "items.0.prompt"),
        (b'{"items": [], "deadline_s": NaN}', "deadline_s"),
        (b'{"items": [], "deadline_s": 1e999}', "deadline_s"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_422(content: bytes, says: str) -> None:
    async with serving(FakeScorer()) as client:
        response = await client.post("/score", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert says in error_of(response)["message"] or error_of(response)["where"] == says


async def test_the_wrong_content_type_is_named() -> None:
    async with serving(FakeScorer()) as client:
        response = await client.post("/score", data={"items": "[]"})
    assert response.status_code == 422
    assert "application/json" in error_of(response)["message"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "a\0b", "\ud800", "😀" * 50, "שלום", "<think></think>", "<think>", "</think>", "\u202e"],
)
async def test_odd_text_reaches_the_engine_and_gets_an_answer(text: str) -> None:
    scorer = FakeScorer()
    item = {"prompt": text, "completion": text, "reference": text}
    async with serving(scorer) as client:
        response = await client.post(
            "/score",
            content=json.dumps({"items": [item], "detail": "evidence"}),
            headers={"content-type": "application/json"},
        )
    assert response.status_code == 200
    sample = scorer.asked[0][0][0]
    assert (sample.question, sample.completion.text, sample.reference) == (text, text, text)
    assert len(response.json()["results"]) == 1


async def test_no_items_are_scored_as_no_items() -> None:
    async with serving(FakeScorer()) as client:
        response = await client.post("/score", json={"items": []})
    assert response.status_code == 200
    assert response.json()["results"] == []


async def test_an_overloaded_engine_says_when_to_come_back() -> None:
    async with serving(FakeScorer(raises=Overloaded("the queue is full", retry_after_s=2.3))) as client:
        response = await client.post("/score", json={"items": [ITEM]})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert error_of(response)["code"] == "overloaded"


@pytest.mark.parametrize(
    ("raised", "code"),
    [(WorkerFailed("the NLI model raised"), "worker_failed"), (KeyError("secret"), "internal")],
)
async def test_what_breaks_is_a_500_in_the_common_shape(raised: Exception, code: str) -> None:
    async with serving(FakeScorer(raises=raised)) as client:
        response = await client.post("/score", json={"items": [ITEM]})
    assert response.status_code == 500
    error = error_of(response)
    assert error["code"] == code
    assert "secret" not in error["message"]


async def test_an_engine_that_forgets_the_deadline_is_given_up_and_cancelled() -> None:
    scorer = FakeScorer(gate=asyncio.Event())
    async with serving(scorer) as client:
        response = await client.post("/score", json={"items": [ITEM], "deadline_s": 0.05})
    assert response.status_code == 503
    assert error_of(response)["code"] == "deadline_passed"
    assert scorer.cancelled


async def test_before_the_models_are_loaded_a_request_is_refused_with_503() -> None:
    async with serving(FakeScorer(start_gate=asyncio.Event()), wait=False) as client:
        response = await client.post("/score", json={"items": [ITEM]})
        unknown = await client.post("/score", json={"items": [ITEM], "rewards": ["nope"]})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert error_of(response)["code"] == "not_ready"
    assert error_of(unknown)["code"] == "unknown_reward"
