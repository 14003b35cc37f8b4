"""Policies behind endpoints: what is sent, what is read, and what happens when it goes wrong.  Real HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stand_in import Answer as Reply
from tests.support.stand_in import Received, free_port
from tests.trainer.evaluation.conftest import QUESTIONS, SYSTEM
from tests.trainer.evaluation.endpoints import Endpoint, said
from trainer.evaluation.answers import Answer, Task, tasks_of
from trainer.evaluation.endpoints import EndpointSource, OllamaSource, OpenAiSource
from trainer.evaluation.naming import Kind, read_name
from trainer.evaluation.plan import Sampling
from trainer.evaluation.questions import Question
from trainer.policy import PolicyUnavailable
from trainer.stopping import StopSignals

SAMPLING = Sampling(samples=2, temperature=0.7, top_p=0.9, max_tokens=64, seed=3)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


def asked(count: int = len(QUESTIONS), sampling: Sampling = SAMPLING) -> list[Task]:
    questions = [
        Question(
            line, [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}], reference
        )
        for line, (question, reference) in enumerate(QUESTIONS[:count], start=1)
    ]
    return tasks_of(questions, "policy", sampling)


def source_of(kind: str, url: str, **changes: Any) -> EndpointSource:
    named = read_name(f"{kind}:small:1b@{url}" + ("/v1" if kind == "openai" else ""))
    options: dict[str, Any] = {
        "concurrency": 2,
        "patience_s": 3.0,
        "timeout_s": 10.0,
        "report": print,
        "stop": StopSignals(),
    }
    made = OllamaSource if named.kind is Kind.OLLAMA else OpenAiSource
    return made(named, SAMPLING, **options | changes)


def generate(source: EndpointSource, tasks: list[Task]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    source.generate(tasks, found, lambda answers: found.update({each.key: each for each in answers}))
    return found


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_every_task_gets_its_own_answer(endpoint: Endpoint, kind: str) -> None:
    tasks = asked()
    found = generate(source_of(kind, endpoint.url), tasks)
    assert [found[task.key].text for task in tasks] == [f"You ask: {task.question.text}" for task in tasks]
    assert all(answer.tokens == 7 and answer.cut_off is False for answer in found.values())
    assert len(endpoint.received) == len(tasks)


def test_what_ollama_is_sent(endpoint: Endpoint) -> None:
    generate(source_of("ollama", endpoint.url), asked())
    body = endpoint.bodies[0]
    assert endpoint.received[0].path == "/api/chat"
    assert (body["model"], body["stream"], body["messages"][0]["content"]) == ("small:1b", False, SYSTEM)
    options = body["options"]
    assert (options["temperature"], options["top_p"], options["num_predict"]) == (0.7, 0.9, 64)
    assert options["num_ctx"] == 1024  # always the same: else the model would be loaded anew
    assert {each["options"]["num_ctx"] for each in endpoint.bodies} == {1024}
    assert len({each["options"]["seed"] for each in endpoint.bodies}) == len(endpoint.bodies)


def test_what_an_openai_endpoint_is_sent(endpoint: Endpoint) -> None:
    generate(source_of("openai", endpoint.url, api_key="secret"), asked())
    received, body = endpoint.received[0], endpoint.bodies[0]
    assert received.path == "/v1/chat/completions"
    assert received.headers["authorization"] == "Bearer secret"
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("small:1b", 64, 0.7)
    assert len({each["seed"] for each in endpoint.bodies}) == len(endpoint.bodies)


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_reasoning_goes_back_between_its_tags(endpoint: Endpoint, kind: str) -> None:
    def thought(received: Received) -> Reply:
        return said(received.path, "It is value.", "Let me think.")

    def ran_out(received: Received) -> Reply:
        return said(received.path, "" if kind == "ollama" else None, "Still thinking", "length")

    endpoint.script.extend([thought, ran_out])
    answers = list(generate(source_of(kind, endpoint.url, concurrency=1), asked(1)).values())
    assert answers[0].text == "<think>\nLet me think.\n</think>\n\nIt is value."
    assert answers[1].text == "<think>\nStill thinking"
    assert [answer.cut_off for answer in answers] == [False, True]


def test_a_busy_endpoint_is_asked_again_when_it_says(endpoint: Endpoint) -> None:
    endpoint.script.append(Reply(429, {"error": {"message": "slow down"}}, {"Retry-After": "1"}))
    said_of_it: list[str] = []
    began = time.monotonic()
    found = generate(source_of("openai", endpoint.url, report=said_of_it.append, concurrency=1), asked(1))
    assert time.monotonic() - began >= 1
    assert len(found) == 2
    assert len(endpoint.received) == 3
    assert "HTTP 429 slow down" in said_of_it[0]


def test_an_endpoint_that_comes_late_is_waited_for() -> None:
    port = free_port()
    server: list[Endpoint] = []

    def start() -> None:
        server.append(Endpoint(port).__enter__())

    timer = threading.Timer(0.8, start)
    timer.start()
    try:
        found = generate(source_of("ollama", f"http://127.0.0.1:{port}", patience_s=15.0), asked(1))
    finally:
        timer.join()
        server[0].__exit__(None, None, None)
    assert len(found) == 2


def test_an_endpoint_that_stays_away_is_named_and_nothing_is_lost(endpoint: Endpoint) -> None:
    tasks = asked()
    endpoint.script.extend([said("/api/chat", "first"), *[Reply(503, {"error": "loading"})] * 40])
    found: dict[str, Answer] = {}
    source = source_of("ollama", endpoint.url, patience_s=0.3, concurrency=1)
    with pytest.raises(PolicyUnavailable, match="HTTP 503 loading") as caught:
        source.generate(tasks, found, lambda answers: found.update({each.key: each for each in answers}))
    assert f"ollama:small:1b@{endpoint.url}" in str(caught.value)
    assert [answer.text for answer in found.values()] == ["first"]
    endpoint.script.clear()
    rest = generate(source, [task for task in tasks if task.key not in found])
    assert len(found) + len(rest) == len(tasks)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(404, {"error": "model 'small:1b' not found"}), "answered 404 to line 1.*not found"),
        (Reply(401, {"error": {"message": "no key"}}), "answered 401 .*no key"),
        (Reply(200, {"choices": []}), "gave an answer of another form"),
        (Reply(200, {"choices": [{"message": {"content": 5}}]}), "content is int, not text"),
        (Reply(200, b"<html>a proxy</html>"), "another form.*a proxy"),
        (Reply(200, [1]), "gave an answer of another form"),
    ],
)
def test_what_will_not_get_better_is_an_error_at_once(endpoint: Endpoint, reply: Reply, says: str) -> None:
    endpoint.script.append(reply)
    with pytest.raises(PolicyUnavailable, match=says):
        generate(source_of("openai", endpoint.url, concurrency=1), asked(1))
    assert len(endpoint.received) == 1


def test_half_of_a_character_is_replaced(endpoint: Endpoint) -> None:
    raw = b'{"message": {"content": "half \\ud83d whole \\ud83d\\ude00"}, "done_reason": "stop"}'
    endpoint.script.append(Reply(200, raw))
    answers = generate(source_of("ollama", endpoint.url, concurrency=1), asked(1))
    assert next(iter(answers.values())).text == "half \ufffd whole \U0001f600"
