"""Whole evaluations: policies behind real HTTP and out of files, scored by servers with fake models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shared.client import RewardProtocolError
from tests.support.fake_server import FakeServer
from tests.support.stand_in import Answer as Reply
from tests.support.stand_in import Received, StandIn, scored
from tests.trainer.evaluation.conftest import QUESTIONS, MakePlan, said, write_lines
from tests.trainer.evaluation.endpoints import Endpoint
from trainer.evaluation.plan import Plan
from trainer.evaluation.run import evaluate as evaluate_until
from trainer.policy import PolicyUnavailable
from trainer.settings import SettingsError
from trainer.stopping import StopSignals


@pytest.fixture(scope="module")
def rewards() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


def evaluate(plan: Plan, console: Console) -> dict[str, Any]:
    """An evaluation that no signal stops."""
    return evaluate_until(plan, console, StopSignals())


class Spoilt(StandIn):
    """A reward server whose scores a test spoils."""

    def __init__(self, spoil: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._spoil = spoil

    def answer(self, received: Received) -> Reply:
        if received.path != "/score":
            return super().answer(received)
        self.received.append(received)
        body = scored(received.score)
        self._spoil(body)
        return Reply(body=body)


def lines_of(folder: Path, pattern: str) -> list[dict[str, Any]]:
    (path,) = folder.glob(pattern)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_from_questions_to_a_report(
    rewards: FakeServer, endpoint: Endpoint, make_plan: MakePlan, console: Console, tmp_path: Path
) -> None:
    ours = f"ollama:small@{endpoint.url}"
    plan = make_plan(
        ours,
        "reference",
        url=rewards.url,
        sampling={"samples": 2, "temperature": 0.5},
    )
    report = evaluate(plan, console)
    out = tmp_path / "out"
    assert json.loads((out / "report.json").read_text("utf-8")) == report
    assert (out / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert len(lines_of(out, "answers-ollama-*.jsonl")) == 2 * len(QUESTIONS)
    assert len(lines_of(out, "answers-reference-*.jsonl")) == len(QUESTIONS)  # it has but one answer
    assert report["made"]["fingerprint"] == lines_of(out, "scores.jsonl")[0]["fingerprint"]
    full = report["rewards"]["full_coherence_reward"]
    assert full["policies"][ours]["questions"] == len(QUESTIONS)
    assert full["policies"]["reference"]["mean"] > full["policies"][ours]["mean"]
    assert full["against"]["reference"]["losses"] > 0
    assert "topic_relevance_reward" in report["parts"]
    form = report["policies"][0]["form"]
    assert (form["answers"], form["tokens"]["mean"], form["cut_off"]) == (2 * len(QUESTIONS), 7, 0.0)
    printed = said(console)
    assert f"A = {ours}" in printed
    assert "8 of 8" in printed


def test_a_second_run_asks_nobody_anything_twice(
    rewards: FakeServer, endpoint: Endpoint, make_plan: MakePlan, console: Console, tmp_path: Path
) -> None:
    spelling = f"openai:small@{endpoint.url}/v1"
    first = evaluate(make_plan(spelling, url=rewards.url, limit=2), console)
    assert len(endpoint.received) == 2
    scores = (tmp_path / "out" / "scores.jsonl").read_bytes()
    assert evaluate(make_plan(spelling, url=rewards.url, limit=2), console)["rewards"] == first["rewards"]
    assert len(endpoint.received) == 2
    assert (tmp_path / "out" / "scores.jsonl").read_bytes() == scores
    evaluate(make_plan(spelling, url=rewards.url), console)
    assert len(endpoint.received) == len(QUESTIONS)  # the two others alone


def test_what_an_outage_interrupts_goes_on(
    rewards: FakeServer, endpoint: Endpoint, make_plan: MakePlan, console: Console, tmp_path: Path
) -> None:
    endpoint.script.extend([endpoint_says("one"), endpoint_says("two"), Reply(500, {"error": "crashed"})])
    plan = make_plan(f"ollama:small@{endpoint.url}", url=rewards.url, concurrency=1)
    with pytest.raises(PolicyUnavailable, match="answered 500 to line 3 of the questions: crashed"):
        evaluate(plan, console)
    assert len(lines_of(tmp_path / "out", "answers-*.jsonl")) == 2
    evaluate(plan, console)
    kept = [each["text"] for each in lines_of(tmp_path / "out", "answers-*.jsonl")]
    assert kept[:2] == ["one", "two"]
    assert len(kept) == len(QUESTIONS)


def test_what_cannot_be_scored_is_counted_with_its_reason_and_is_no_zero(
    make_plan: MakePlan, console: Console, tmp_path: Path
) -> None:
    given = [{"question": question, "text": "x" * (2000 if place == 0 else 20)}
             for place, (question, _) in enumerate(QUESTIONS)]  # fmt: skip
    path = write_lines(tmp_path / "given.jsonl", given)

    def refuse(body: dict[str, Any]) -> None:
        body["results"][0]["rewards"]["a"] = None
        body["results"][0]["unscorable"] = {"a": "the NLI model is away"}

    with Spoilt(refuse) as server:  # its limit is 1,000 characters
        report = evaluate(make_plan(f"answers:{path}", url=server.url, rewards=("a",)), console)
        assert [len(request.items) for request in server.scored] == [3]
    mean = report["rewards"]["a"]["policies"][f"answers:{path}"]
    assert (mean["questions"], mean["unscored"], mean["answers"]) == (2, 2, 4)
    assert mean["reasons"] == {
        "the answer has 2000 characters, and the server's limit is 1000": 1,
        "the NLI model is away": 1,
    }
    assert "1 answer of A could not be scored: the NLI model is away" in said(console)


def test_scores_are_asked_for_in_the_evaluation_lane_with_their_parts(
    make_plan: MakePlan, console: Console
) -> None:
    with StandIn() as server:
        evaluate(make_plan("reference", url=server.url, rewards=("a",)), console)
        (request,) = server.scored
    assert (request.lane, request.detail) == ("evaluation", "layers")
    assert request.items[0].reference == QUESTIONS[0][1]


def test_another_fingerprint_in_the_middle_is_an_error(make_plan: MakePlan, console: Console) -> None:
    with Spoilt(lambda body: body.update(fingerprint="another")) as server:
        plan = make_plan("reference", url=server.url, rewards=("a",))
        with pytest.raises(RewardProtocolError, match="fingerprint changed from stand-in to another"):
            evaluate(plan, console)


def test_an_unknown_reward_is_named_before_anything_is_generated(
    endpoint: Endpoint, rewards: FakeServer, make_plan: MakePlan, console: Console
) -> None:
    plan = make_plan(f"ollama:small@{endpoint.url}", url=rewards.url, rewards=("no_such_reward",))
    with pytest.raises(SettingsError, match="no_such_reward"):
        evaluate(plan, console)
    assert not endpoint.received


def test_the_system_prompt_of_the_run_is_what_all_are_asked_with(
    endpoint: Endpoint, rewards: FakeServer, make_plan: MakePlan, console: Console, tmp_path: Path
) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("In one word.\n")
    plan = make_plan(f"ollama:small@{endpoint.url}", url=rewards.url, system_prompt=str(prompt))
    report = evaluate(plan, console)
    assert {body["messages"][0]["content"] for body in endpoint.bodies} == {"In one word."}
    assert report["made"]["system_prompt"] == ["In one word."]
    assert report["made"]["system_prompt_from"] == str(prompt)


def endpoint_says(text: str) -> Reply:
    return Reply(body={"message": {"content": text}, "done_reason": "stop"})
