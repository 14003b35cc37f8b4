"""The adapter and a real server process that is killed: the same scores, or a plain refusal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_server import FakeServer
from trainer.rewards import BatchScores, RemoteReward, RewardRejected, RewardUnavailable, remote_rewards

NAMES = ["full_coherence_reward", "match_format_exactly"]
QUESTION = "What is surplus value?"
REFERENCE = (
    "Surplus value is the value that workers produce beyond the value of their labour power. "
    "The capitalist appropriates it because he owns the means of production."
)
BATCHES = [
    [
        f"<think>Recall Capital.</think>{REFERENCE}",
        f"Surplus value is, at step {step}, a word. Therefore the capitalist class pays the workers in full.",
        "<think>I never finish",
        "",
    ]
    for step in range(4)
]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as process:
        yield process


def step(rewards: list[RemoteReward], completions: list[str]) -> list[list[float | None]]:
    """The rewards of one batch, one list for each function."""
    count = len(completions)
    return [reward([QUESTION] * count, completions, reference=[REFERENCE] * count) for reward in rewards]


def test_the_real_server_scores_a_batch_in_one_request(server: FakeServer) -> None:
    batches: list[BatchScores] = []
    rewards = remote_rewards(NAMES, url=server.url, on_batch=batches.append)
    coherence, form = step(rewards, BATCHES[0])
    assert form == [3.0, 0.0, 0.0, 0.0]
    known = [score for score in coherence if score is not None]
    assert len(known) == 4
    assert known[0] > max(known[1:])
    [batch] = batches
    assert batch.layers.keys() >= {*NAMES, "robust_coherence_reward", "topic_relevance_reward"}
    assert {"full_coherence_reward", "robust_coherence_reward"} <= batch.parts.keys()
    assert sum(part or 0.0 for part in batch.parts["full_coherence_reward"][0].values()) == pytest.approx(
        known[0]
    )
    assert len(batch.fingerprint) > 8


def test_killed_between_two_batches_it_goes_on_with_the_same_scores(server: FakeServer) -> None:
    undisturbed = [step(remote_rewards(NAMES, url=server.url), completions) for completions in BATCHES]
    waits: list[int] = []

    def restart(attempt: int, *_: object) -> None:
        waits.append(attempt)
        if attempt == 2:
            server.start(wait=False)

    rewards = remote_rewards(NAMES, url=server.url, patience_s=120.0, on_wait=restart)
    scores = [step(rewards, completions) for completions in BATCHES[:2]]
    server.kill()
    scores += [step(rewards, completions) for completions in BATCHES[2:]]
    assert scores == undisturbed
    assert len(waits) >= 2


def kill_while_it_scores(server: FakeServer) -> None:
    """SIGKILL as soon as the server's own gauge shows a request beside the one for the gauge."""
    with httpx.Client(base_url=server.url, trust_env=False) as http:
        while "touchstone_requests_in_flight 2.0" not in http.get("/metrics").text:
            time.sleep(0.02)
    server.kill()


def test_killed_while_it_scores_it_is_asked_again() -> None:
    with FakeServer(delay_s=2.0) as server:
        undisturbed = step(remote_rewards(NAMES, url=server.url), BATCHES[1])
        reasons: list[str] = []

        killer = threading.Thread(target=kill_while_it_scores, args=(server,))

        def restart(attempt: int, _: float, reason: str) -> None:
            reasons.append(reason)
            if attempt == 1:
                killer.join()
                server.start(wait=False)

        rewards = remote_rewards(NAMES, url=server.url, patience_s=120.0, on_wait=restart)
        killer.start()
        # other completions than before, so that no cache answers before the server dies
        scores = step(rewards, [f"{text} Rent is a share of it." for text in BATCHES[1]])
        assert reasons[0].startswith(("ReadError", "RemoteProtocolError"))
        assert len(scores[0]) == 4
        assert step(rewards, BATCHES[1]) == undisturbed


def test_a_server_that_stays_away_past_the_patience(server: FakeServer) -> None:
    rewards = remote_rewards(NAMES, url=server.url, patience_s=1.0)
    step(rewards, BATCHES[0])
    server.kill()
    began = time.monotonic()
    with pytest.raises(RewardUnavailable) as caught:
        step(rewards, BATCHES[1])
    assert 1.0 <= time.monotonic() - began < 5.0
    assert caught.value.attempts > 1
    assert server.url in str(caught.value)
    server.start()
    assert len(step(rewards, BATCHES[1])[0]) == 4  # the same functions work again


def test_a_server_that_loads_is_waited_for() -> None:
    """Started together, as compose starts them: the first batch may come before the models are there."""
    server = FakeServer()
    try:
        server.start(wait=False)
        rewards = remote_rewards(NAMES, url=server.url, patience_s=120.0)
        assert len(step(rewards, BATCHES[0])[0]) == 4
    finally:
        server.kill()


def test_a_wrong_token_is_said_at_once() -> None:
    with FakeServer(api_key="right") as server:
        assert step(remote_rewards(NAMES, url=server.url, api_key="right"), BATCHES[0])
        for key in (None, "wrong"):
            with pytest.raises(RewardRejected) as caught:
                step(remote_rewards(NAMES, url=server.url, api_key=key), BATCHES[0])
            assert (caught.value.status, caught.value.code) == (401, "unauthorized")
