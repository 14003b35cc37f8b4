"""`POST /check` and `GET /policies`: what the engine is asked, what comes back, what is kept and refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import Message

from reward_service.api.metrics import Metrics
from reward_service.app import create_app
from reward_service.checks.checker import build_checker
from reward_service.errors import ConfigurationError, Overloaded, RecordsUnavailable, WorkerFailed
from reward_service.records import Records
from reward_service.settings import Settings
from reward_service.types import BatchResult, Sample, Score, ScoredSample
from shared.schema import CheckRequest, CheckResponse, Detail, Lane, PolicyList
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.api.serving import error_of, serving
from tests.reward_service.api.test_disconnect import SCOPE

pytestmark = pytest.mark.anyio

BODY = {"question": "What is surplus value?", "answer": "The recipe needs four eggs."}
REWARDS = build_checker().rewards(build_checker().policy("default"))
OFF_TOPIC = Score(-1.5, evidence={"topics": [{"topic": "surplus value", "share": 0.0}], "share": 0.0})
LOOPING = Score(
    -1.0,
    evidence={
        "loops": {"share": 0.4, "worst": {"text": "a b", "start": 4, "end": 15, "times": 9}},
        "cut_off": {"certainty": 0.0},
        "encoding": {"per_100_words": 0.0, "places": ()},
    },
)
NOTHING = Score.unscorable("not looked at")


class CheckScorer(FakeScorer):
    """Gives the scores that it was made with, and none under other rewards."""

    def __init__(self, scores: Mapping[str, Score] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.scores = scores or {}
        self.detail: Detail | None = None

    async def score(
        self,
        samples: Sequence[Sample],
        rewards: Sequence[str],
        *,
        lane: Lane,
        deadline_s: float,
        detail: Detail,
    ) -> BatchResult:
        result = await super().score(samples, [], lane=lane, deadline_s=deadline_s, detail=detail)
        self.asked[-1] = (list(samples), list(rewards), lane, deadline_s)
        self.detail = detail
        scores = {name: self.scores.get(name, NOTHING) for name in rewards}
        return replace(result, samples=[ScoredSample(sample, scores) for sample in samples])


class Kept(Records):
    """Keeps checks in a list; told to fail or to dawdle, it does."""

    def __init__(self, *, fails: bool = False, wait_s: float = 0.0) -> None:
        self.kept: list[tuple[CheckRequest, CheckResponse]] = []
        self.fails, self.wait_s = fails, wait_s

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def keep(self, asked: CheckRequest, answered: CheckResponse) -> str:
        await asyncio.sleep(self.wait_s)
        if self.fails:
            raise RecordsUnavailable("the database is away")
        self.kept.append((asked, answered))
        return "record-1"


@asynccontextmanager
async def with_records(
    scorer: FakeScorer, records: Records
) -> AsyncIterator[tuple[httpx.AsyncClient, Metrics]]:
    app = create_app(Settings(), scorer)
    app.state.context.records = records
    async with app.router.lifespan_context(app):
        while not scorer.ready:
            await asyncio.sleep(0)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client, app.state.context.metrics


# --- verdicts -----------------------------------------------------------------------------------------------


async def test_a_verdict_comes_with_reasons_the_worst_first_and_with_what_was_looked_at() -> None:
    scorer = CheckScorer({"topic_relevance_reward": OFF_TOPIC, "degeneration_reward": LOOPING})
    async with serving(scorer) as client:
        answered = await client.post("/check", json=BODY | {"answer": "so: a b a b a b a b " * 4})
    assert answered.status_code == 200
    answer = CheckResponse.model_validate(answered.json())
    assert answer.verdict == "fail"
    assert [(reason.code, reason.outcome) for reason in answer.reasons] == [
        ("off_topic", "fail"),
        ("loop", "review"),
    ]
    assert (round(answer.reasons[1].measure, 4), answer.reasons[1].span) == (0.4, (4, 15))
    assert answer.reasons[1].evidence["worst"]["times"] == 9
    assert set(answer.scores) == set(REWARDS)
    assert answer.scores["topic_relevance_reward"] == -1.5
    assert answer.scores["faithfulness_reward"] is None
    assert answer.unscorable == {name: "not looked at" for name in REWARDS if name not in scorer.scores}
    assert (answer.policy, answer.fingerprint, answer.record_id) == ("default", "f00d", None)
    assert answer.usage.model_dump() == {"nli_pairs": 3, "nli_tokens": 40, "cached": 1}


async def test_what_could_not_be_scored_is_no_fault() -> None:
    async with serving(CheckScorer()) as client:
        answer = (await client.post("/check", json=BODY)).json()
    assert (answer["verdict"], answer["reasons"]) == ("pass", [])
    assert set(answer["scores"].values()) == {None}


async def test_reasoning_is_no_answer() -> None:
    async with serving(CheckScorer()) as client:
        answer = (await client.post("/check", json=BODY | {"answer": "<think>So"})).json()
    assert (answer["verdict"], answer["answer"]) == ("fail", "")
    assert [reason["code"] for reason in answer["reasons"]] == ["empty", "unclosed_reasoning"]


async def test_the_engine_gets_question_answer_passages_lane_deadline_and_rewards() -> None:
    scorer = CheckScorer()
    talk = [{"role": "user", "content": "Old?"}, {"role": "user", "content": "New?"}]
    said = [{"role": "assistant", "content": "<think>Hm.</think>It"}, {"role": "assistant", "content": "is."}]
    async with serving(scorer, deadline_live_s=3) as client:
        await client.post("/check", json={"question": talk, "answer": said, "context": ["One.", "Two."]})
        await client.post("/check", json=BODY | {"deadline_s": 7.5, "policy": "lenient"})
    (samples, rewards, lane, deadline_s), second = scorer.asked
    [sample] = samples
    assert (sample.question, sample.completion.answer, sample.completion.reasoning) == (
        "New?",
        "It\nis.",
        "Hm.",
    )
    assert (sample.passages, sample.reference) == (("One.", "Two."), None)
    assert (tuple(rewards), lane, deadline_s) == (REWARDS, Lane.LIVE, 3.0)
    assert second[2:] == (Lane.LIVE, 7.5)
    assert "interconnection_depth_reward" not in second[1], "lenient has no rule that reads it"
    assert scorer.detail is Detail.EVIDENCE


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        pytest.param({}, "invalid_request", "question", id="nothing"),
        pytest.param([], "invalid_request", "body", id="a list"),
        pytest.param({"question": "x"}, "invalid_request", "answer", id="no answer"),
        pytest.param(BODY | {"contexts": []}, "invalid_request", "contexts", id="misspelt"),
        pytest.param(BODY | {"policy": "strikt"}, "unknown_policy", "policy", id="unknown policy"),
        pytest.param(BODY | {"policy": "\ud800"}, "unknown_policy", "policy", id="surrogate policy"),
        pytest.param(BODY | {"deadline_s": 0}, "invalid_request", "deadline_s", id="deadline"),
        pytest.param(BODY | {"context": "one"}, "invalid_request", "context", id="context"),
        pytest.param(BODY | {"context": ["x"] * 65}, "invalid_request", "context", id="passages"),
        pytest.param(
            BODY | {"question": [{"role": "assistant", "content": "x"}]},
            "invalid_request",
            "question",
            id="no user",
        ),
        pytest.param(
            BODY | {"answer": [{"role": "user", "content": "x"}]},
            "invalid_request",
            "answer",
            id="no assistant",
        ),
        pytest.param(BODY | {"question": "x" * 101}, "text_too_long", "question", id="long question"),
        pytest.param(BODY | {"answer": "x" * 101}, "text_too_long", "answer", id="long answer"),
        pytest.param(
            BODY | {"context": ["x", "y", "x" * 101]}, "text_too_long", "context.2", id="long passage"
        ),
        pytest.param(BODY | {"context": ["x" * 90] * 5}, "text_too_long", "context", id="long passages"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_scored(body: Any, code: str, where: str) -> None:
    scorer = CheckScorer()
    async with serving(scorer, max_text_chars=100) as client:
        response = await client.post(
            "/check", content=json.dumps(body), headers={"content-type": "application/json"}
        )
    assert response.status_code == 422
    error = error_of(response)
    assert (error["code"], error["where"]) == (code, where), error
    assert where == "body" or where in error["message"]
    assert "x" * 50 not in response.text
    assert scorer.asked == []


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "😀" * 50, "שלום", "<think></think>", "\u202e"])
async def test_odd_text_gets_an_answer(text: str) -> None:
    body = {"question": text, "answer": text, "context": [text]}
    async with serving(CheckScorer()) as client:
        response = await client.post(
            "/check", content=json.dumps(body), headers={"content-type": "application/json"}
        )
    assert response.status_code == 200
    assert response.json()["verdict"] in {"pass", "review", "fail"}


async def test_an_overloaded_engine_says_when_to_come_back() -> None:
    async with serving(CheckScorer(raises=Overloaded("the queue is full", retry_after_s=2.3))) as client:
        response = await client.post("/check", json=BODY)
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")
    assert error_of(response)["code"] == "overloaded"


async def test_what_breaks_is_a_500() -> None:
    async with serving(CheckScorer(raises=WorkerFailed("the NLI model raised"))) as client:
        response = await client.post("/check", json=BODY)
    assert (response.status_code, error_of(response)["code"]) == (500, "worker_failed")


async def test_an_engine_that_forgets_the_deadline_is_given_up_and_cancelled() -> None:
    scorer = CheckScorer(gate=asyncio.Event())
    async with serving(scorer) as client:
        response = await client.post("/check", json=BODY | {"deadline_s": 0.05})
    assert (response.status_code, error_of(response)["code"]) == (503, "deadline_passed")
    assert scorer.cancelled


async def test_before_the_models_are_loaded_policies_are_told_and_checks_refused() -> None:
    async with serving(CheckScorer(start_gate=asyncio.Event()), wait=False) as client:
        response = await client.post("/check", json=BODY)
        policies = await client.get("/policies")
    assert (response.status_code, error_of(response)["code"]) == (503, "not_ready")
    assert policies.status_code == 200


# --- policies -----------------------------------------------------------------------------------------------


async def test_policies_are_listed_with_those_of_the_folder(tmp_path: Path) -> None:
    text = "{name: mine, doc: Mine., rules: {off_topic: {review: 0.5}}}"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    scorer = CheckScorer({"topic_relevance_reward": OFF_TOPIC})
    async with serving(scorer, policies_dir=tmp_path) as client:
        listed = PolicyList.model_validate((await client.get("/policies")).json())
        answer = (await client.post("/check", json=BODY | {"policy": "mine"})).json()
    assert [policy.name for policy in listed.policies] == ["default", "lenient", "mine", "strict"]
    assert (answer["verdict"], answer["policy"]) == ("review", "mine")
    assert list(answer["scores"]) == ["topic_relevance_reward"]


def test_a_wrong_policy_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("{name: mine, doc: D., rules: {lop: {fail: 1}}}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml: rules\.lop: .* did you mean loop"):
        create_app(Settings(policies_dir=tmp_path), FakeScorer())


async def test_keys_guard_both_routes() -> None:
    async with serving(CheckScorer(), api_keys="secret") as client:
        assert (await client.post("/check", json=BODY)).status_code == 401
        assert (await client.get("/policies")).status_code == 401


# --- keeping and counting -----------------------------------------------------------------------------------


async def test_a_check_is_kept_as_it_was_asked_and_answered() -> None:
    records = Kept()
    async with with_records(CheckScorer({"topic_relevance_reward": OFF_TOPIC}), records) as (client, metrics):
        answer = (await client.post("/check", json=BODY)).json()
    assert answer["record_id"] == "record-1"
    [(asked, answered)] = records.kept
    assert asked == CheckRequest.model_validate(BODY)
    assert answered.verdict == answer["verdict"] == "fail"
    assert metrics.registry.get_sample_value("touchstone_check_records_failed_total") == 0


async def test_a_check_that_cannot_be_kept_is_answered_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with with_records(CheckScorer(), Kept(fails=True)) as (client, metrics):
        response = await client.post("/check", json=BODY)
    assert response.status_code == 200
    assert response.json()["record_id"] is None
    assert metrics.registry.get_sample_value("touchstone_check_records_failed_total") == 1
    assert "not kept: the database is away" in caplog.text
    assert BODY["answer"] not in caplog.text


async def test_a_slow_database_holds_no_chat_up() -> None:
    async with with_records(CheckScorer(), Kept(wait_s=30)) as (client, metrics):
        began = time.monotonic()
        response = await client.post("/check", json=BODY | {"deadline_s": 0.2})
        assert time.monotonic() - began < 5
    assert response.json()["record_id"] is None
    assert metrics.registry.get_sample_value("touchstone_check_records_failed_total") == 1


async def test_a_caller_that_leaves_ends_the_work_and_nothing_is_kept() -> None:
    records, scorer = Kept(), CheckScorer(gate=asyncio.Event())
    app = create_app(Settings(), scorer)
    app.state.context.records = records
    await scorer.start()
    messages: list[Message] = [{"type": "http.request", "body": json.dumps(BODY).encode()}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        while not scorer.asked:
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    async with asyncio.timeout(5):
        await app(dict(SCOPE) | {"path": "/check", "raw_path": b"/check"}, receive, send)
    assert scorer.cancelled
    assert records.kept == []
    sample = app.state.context.metrics.registry.get_sample_value
    assert sample("touchstone_requests_total", {"route": "/check", "status": "499"}) == 1
    assert sample("touchstone_check_seconds_count") == 0


async def test_a_check_lies_in_the_real_database(tmp_path: Path) -> None:
    url = SecretStr(f"sqlite:///{tmp_path / 'checks.db'}")
    scorer = CheckScorer({"topic_relevance_reward": OFF_TOPIC})
    app = create_app(Settings(record_checks=True, database_url=url), scorer)
    async with app.router.lifespan_context(app):
        while not scorer.ready:
            await asyncio.sleep(0.01)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = (await client.post("/check", json=BODY)).json()
        kept = await app.state.context.records.get(answer["record_id"])
    assert (kept.question, kept.answer) == (BODY["question"], BODY["answer"])
    assert [reason.code for reason in kept.reasons] == [reason["code"] for reason in answer["reasons"]]
    assert kept.scores == answer["scores"]


async def test_checks_reasons_seconds_and_scores_are_counted() -> None:
    scorer = CheckScorer({"topic_relevance_reward": OFF_TOPIC})
    async with serving(scorer) as client:
        await client.post("/check", json=BODY)
        await client.post("/check", json=BODY | {"answer": ""})
        text = (await client.get("/metrics")).text
    counted = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    assert counted['touchstone_checks_total{policy="default",verdict="fail"}'] == "2.0"
    assert counted['touchstone_check_reasons_total{code="off_topic",outcome="fail"}'] == "2.0"
    assert counted['touchstone_check_reasons_total{code="empty",outcome="fail"}'] == "1.0"
    assert counted["touchstone_check_seconds_count"] == "2.0"
    topic = 'lane="live",reward="topic_relevance_reward"'
    assert counted['touchstone_score_bucket{lane="live",le="-2.0",reward="topic_relevance_reward"}'] == "0.0"
    assert counted['touchstone_score_bucket{lane="live",le="-1.5",reward="topic_relevance_reward"}'] == "2.0"
    assert counted[f"touchstone_score_count{{{topic}}}"] == "2.0"
    assert counted['touchstone_score_count{lane="live",reward="faithfulness_reward"}'] == "0.0"
    assert counted['touchstone_unscorable_total{reward="faithfulness_reward"}'] == "2.0"
    assert counted['touchstone_items_scored_total{lane="live"}'] == "2.0"


async def test_scores_of_the_score_route_are_in_the_same_histogram() -> None:
    async with serving(FakeScorer()) as client:
        items = [{"prompt": "x", "completion": "y" * 9}, {"prompt": "x", "completion": ""}]
        await client.post("/score", json={"items": items, "lane": "evaluation"})
        text = (await client.get("/metrics")).text
    labels = 'reward="full_coherence_reward"'
    assert f'touchstone_score_bucket{{lane="evaluation",le="8.5",{labels}}} 0.0' in text
    assert f'touchstone_score_bucket{{lane="evaluation",le="9.0",{labels}}} 1.0' in text
    assert f'touchstone_score_count{{lane="evaluation",{labels}}} 1.0' in text
