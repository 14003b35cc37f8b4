"""The adapter as TRL calls it, against a server on loopback."""

from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.schema import Detail, Lane
from tests.support.stand_in import FINGERPRINT, Answer, Received, StandIn, free_port, scored
from tests.support.trl_calls import COMPLETIONS, NAMES, PROMPTS, REFERENCES, Trainer, expected
from trainer.rewards import BatchScores, RemoteReward, RewardRejected, RewardUnavailable, remote_rewards


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def unscorable(name: str, *rows: int) -> Any:
    """A behaviour: an honest answer, but the rows could not be scored under a reward."""

    def answer(received: Received) -> Answer:
        body = scored(received.score)
        for row in rows:
            result = body["results"][row]
            result["rewards"][name] = None
            result["unscorable"] = {name: "no reference was given"}
        return Answer(body=body)

    return answer


# --- one request per batch -------------------------------------------------------------------------------


def test_all_functions_share_one_request(server: StandIn) -> None:
    scores = Trainer(remote_rewards(NAMES, url=server.url)).step()
    assert scores == [expected(name) for name in NAMES]
    [asked] = server.scored
    assert (asked.rewards, asked.lane, asked.detail) == (NAMES, Lane.TRAINING, Detail.LAYERS)
    assert [item.reference for item in asked.items] == REFERENCES


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_functions_may_come_in_any_order(server: StandIn, order: list[int]) -> None:
    rewards = remote_rewards(NAMES, url=server.url)
    trainer = Trainer([rewards[at] for at in order])
    for _ in range(2):
        assert trainer.step() == [expected(NAMES[at]) for at in order]
    assert len(server.received) == 2


def test_each_step_asks_anew_though_its_batch_be_the_same(server: StandIn) -> None:
    trainer = Trainer(remote_rewards(NAMES, url=server.url))
    first = trainer.step()
    server.script.append(lambda received: spoilt_by(received, 7.0))
    second = trainer.step()
    assert first != second
    assert second == [[7.0] * 4] * 3
    assert len(server.received) == 2


def spoilt_by(received: Received, score: float) -> Answer:
    """An answer in which everything has one score."""
    body = scored(received.score)
    for result in body["results"]:
        result["rewards"] = dict.fromkeys(result["rewards"], score)
    return Answer(body=body)


def test_a_function_alone_asks_at_every_step(server: StandIn) -> None:
    rewards = remote_rewards(NAMES, url=server.url)
    trainer = Trainer(rewards[1:2])
    trainer.step()
    trainer.step()
    assert len(server.received) == 2


def test_other_completions_are_another_batch(server: StandIn) -> None:
    a, b, _ = remote_rewards(NAMES, url=server.url)
    others = ["Five.", *COMPLETIONS[1:]]
    assert a(PROMPTS, COMPLETIONS, reference=REFERENCES) == expected("full_a")
    assert b(PROMPTS, others, reference=REFERENCES) == expected("b", others)
    assert a(PROMPTS, others, reference=REFERENCES) == expected("full_a", others)
    assert len(server.received) == 2


def test_a_batch_that_is_changed_in_place_is_another_batch(server: StandIn) -> None:
    a, b, _ = remote_rewards(NAMES, url=server.url)
    completions: list[Any] = [[{"role": "assistant", "content": text}] for text in COMPLETIONS]
    a(PROMPTS, completions, reference=REFERENCES)
    completions[0][0]["content"] = "Changed."
    b(PROMPTS, completions, reference=REFERENCES)
    assert len(server.received) == 2


def test_threads_share_one_request_too(server: StandIn) -> None:
    rewards = remote_rewards(NAMES, url=server.url)
    server.script.append(lambda received: Answer(body=scored(received.score), wait_s=0.2))
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(reward, PROMPTS, COMPLETIONS, reference=REFERENCES) for reward in rewards]
        assert [call.result() for call in calls] == [expected(name) for name in NAMES]
    assert len(server.received) == 1


def test_after_a_failure_nothing_old_is_read(server: StandIn) -> None:
    a, b, _ = remote_rewards(NAMES, url=server.url, patience_s=0.0)
    a(PROMPTS, COMPLETIONS, reference=REFERENCES)
    server.script.append(Answer(503, {}))
    with pytest.raises(RewardUnavailable):
        a(PROMPTS, COMPLETIONS, reference=REFERENCES)
    b(PROMPTS, COMPLETIONS, reference=REFERENCES)
    assert len(server.received) == 3


# --- what could not be scored ----------------------------------------------------------------------------


def test_one_missing_score_withdraws_the_reward_from_the_batch(
    server: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    server.script.append(unscorable("b", 1, 3))
    trainer = Trainer(remote_rewards(NAMES, url=server.url))
    with caplog.at_level(logging.WARNING):
        scores = trainer.step()
    assert scores == [expected("full_a"), [None] * 4, expected("c")]
    assert trainer.metrics["rewards/b/unscorable_share"] == [0.5]
    assert trainer.metrics["rewards/c/unscorable_share"] == [0.0]
    assert "b could not score 2 of 4 completions" in caplog.text
    assert "no reference was given" in caplog.text


def test_the_batch_log_keeps_what_the_server_said(server: StandIn) -> None:
    server.script.append(unscorable("b", 2))
    trainer = Trainer(remote_rewards(NAMES, url=server.url))
    trainer.step()
    batch = trainer.functions[0].last_batch
    assert batch is not None
    honest = expected("b")
    assert batch.rewards["b"] == [honest[0], honest[1], None, honest[3]]
    assert batch.unscorable == {"b": {2: "no reference was given"}}


# --- what is told ----------------------------------------------------------------------------------------


def test_a_batch_is_told_once_with_all_its_parts(server: StandIn) -> None:
    batches: list[BatchScores] = []
    trainer = Trainer(remote_rewards(NAMES, url=server.url, on_batch=batches.append))
    assert trainer.functions[0].last_batch is None
    trainer.step()
    trainer.step()
    assert len(batches) == 2
    batch = batches[0]
    parts = expected("part")
    assert batch.names == tuple(NAMES)
    assert batch.rewards == {name: expected(name) for name in NAMES}
    assert batch.layers["topic_part"] == parts
    assert batch.layers["full_a"] == expected("full_a")
    assert batch.parts == {"full_a": [{"topic_part": 0.4 * part} for part in parts]}
    assert (batch.prompts, batch.completions, batch.references) == (PROMPTS, COMPLETIONS, REFERENCES)
    assert (batch.fingerprint, batch.unscorable) == (FINGERPRINT, {})
    assert [batch.step for batch in batches] == [0, 1]
    assert batch.elapsed_s > 0
    assert trainer.functions[2].last_batch is batches[1]


def test_parts_reach_the_trainers_metrics(server: StandIn) -> None:
    trainer = Trainer(remote_rewards(NAMES, url=server.url))
    trainer.step()
    parts = expected("part")
    mean = sum(parts) / 4
    std = (sum((part - mean) ** 2 for part in parts) / 3) ** 0.5
    assert trainer.metrics["parts/topic_part/mean"] == [pytest.approx(mean)]
    assert trainer.metrics["parts/topic_part/std"] == [pytest.approx(std)]
    assert {name for name in trainer.metrics if not name.startswith("parts/topic_part")} == {
        f"rewards/{name}/unscorable_share" for name in NAMES
    }


def test_scores_alone_bring_no_parts(server: StandIn) -> None:
    trainer = Trainer(remote_rewards(NAMES, url=server.url, detail=Detail.SCORES))
    assert trainer.step() == [expected(name) for name in NAMES]
    batch = trainer.functions[0].last_batch
    assert batch is not None
    assert (batch.layers, batch.parts) == ({}, {})


def test_a_server_that_scores_differently_is_noticed(
    server: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = Trainer(remote_rewards(["b"], url=server.url))
    trainer.step()
    server.script.append(lambda received: Answer(body=scored(received.score) | {"fingerprint": "other"}))
    with caplog.at_level(logging.WARNING):
        trainer.step()
    assert "its fingerprint was stand-in and is now other" in caplog.text


# --- outages ---------------------------------------------------------------------------------------------


def test_it_waits_aloud_and_goes_on(server: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    waits: list[tuple[int, float, str]] = []
    server.script.extend([Answer(503, {}, {"Retry-After": "0"}), Answer(body=b"x" * 50, cut=10)])
    trainer = Trainer(remote_rewards(["b"], url=server.url, on_wait=lambda *wait: waits.append(wait)))
    with caplog.at_level(logging.WARNING):
        assert trainer.step() == [expected("b")]
    assert [attempt for attempt, _, _ in waits] == [1, 2]
    assert len(server.received) == 3
    assert caplog.text.count("asking again in") == 2
    assert server.url in caplog.text


def test_without_a_server_it_raises_and_invents_nothing() -> None:
    batches: list[BatchScores] = []
    url = f"http://127.0.0.1:{free_port()}"
    trainer = Trainer(remote_rewards(NAMES, url=url, patience_s=0.2, on_batch=batches.append))
    with pytest.raises(RewardUnavailable, match=url):
        trainer.step()
    assert batches == []


def test_a_rejection_is_raised_as_it_is(server: StandIn) -> None:
    server.script.append(
        Answer(422, {"error": {"code": "unknown_reward", "message": "no b", "where": "rewards.0"}})
    )
    with pytest.raises(RewardRejected, match="unknown_reward"):
        Trainer(remote_rewards(["b"], url=server.url)).step()


# --- names, copies, arguments ----------------------------------------------------------------------------


def test_names_are_what_trl_shows(server: StandIn) -> None:
    assert [reward.__name__ for reward in remote_rewards(NAMES, url=server.url)] == NAMES


SEEN: list[BatchScores] = []


def remember(batch: BatchScores) -> None:
    """A callback that pickles."""
    SEEN.append(batch)


@pytest.mark.parametrize("duplicate", [lambda rewards: pickle.loads(pickle.dumps(rewards)), copy.deepcopy])
def test_copies_work_and_share_requests(server: StandIn, duplicate: Any) -> None:
    rewards = remote_rewards(
        NAMES, url=server.url, api_key="k3y", patience_s=1.0, detail=Detail.SCORES, on_batch=remember
    )
    Trainer(rewards[:1]).step()
    twins: list[RemoteReward] = duplicate(rewards)
    assert [twin.__name__ for twin in twins] == NAMES
    SEEN.clear()
    assert Trainer(twins).step() == [expected(name) for name in NAMES]
    assert len(server.received) == 2
    assert server.received[1].headers["authorization"] == "Bearer k3y"
    assert server.scored[1] == server.scored[0]
    assert len(SEEN) == 1
    assert duplicate(rewards[0])(PROMPTS, COMPLETIONS, reference=REFERENCES) == expected("full_a")


def test_the_api_key_is_not_shown(server: StandIn) -> None:
    [reward] = remote_rewards(["b"], url=server.url, api_key="s3cret")
    assert "s3cret" not in repr(reward)
    assert "s3cret" not in repr(vars(reward))


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ([], {}, "at least one reward"),
        ("full_a", {}, "must be a list"),
        (["b", "b"], {}, "named twice"),
        (["b"], {"url": "localhost:8080"}, "url"),
        (["b"], {"api_key": "two words"}, "api_key"),
        (["b"], {"patience_s": -1.0}, "patience_s"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(
    names: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        remote_rewards(names, **{"url": "http://127.0.0.1:1", **options})
