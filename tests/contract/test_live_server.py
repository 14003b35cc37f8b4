"""The running server: keys, readiness, the printed example, scores that make sense, callers that leave."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from shared.client import RewardClient, RewardRejected
from shared.schema import DEFAULT_REWARD, Health, RewardList, ScoreItem, ServerInfo
from tests.contract.conftest import KEY, LiveServer

REFERENCE = (
    "Surplus value is the difference between the value that labour creates and the value of labour power, "
    "the wage. The capitalist appropriates it because he owns the means of production."
)
GOOD = (
    "Workers create more value than the wage that pays for their labour power. This difference is surplus "
    "value. It goes to the capitalist, since the means of production belong to him."
)
SOUP = "value surplus capitalist the labour wage difference power production means of owns class creates is"
ITEM = {"prompt": "What is surplus value?", "completion": GOOD, "reference": REFERENCE}


@pytest.mark.parametrize("path", ["/rewards", "/info", "/metrics", "/openapi.json", "/nowhere"])
@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_the_key_nothing_is_told(server: LiveServer, path: str, key: str | None) -> None:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    response = httpx.get(server.url + path, headers=headers, trust_env=False)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["error"]["code"] == "unauthorized"


def test_a_large_batch_with_a_wrong_key_still_learns_why(server: LiveServer) -> None:
    with (
        RewardClient(server.url, api_key="wrong", patience_s=0) as client,
        pytest.raises(RewardRejected) as caught,
    ):
        client.score([ScoreItem(prompt="x", completion="y" * 30_000)] * 30)
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")


def test_probes_are_open_and_the_workers_are_alive(server: LiveServer) -> None:
    for path in ("/health/live", "/health/ready"):
        response = httpx.get(server.url + path, trust_env=False)
        health = Health.model_validate(response.json())
        assert (response.status_code, health.status) == (200, "ok")
        assert set(health.workers.values()) == {"ok"}


def test_info_and_rewards_say_what_answers(client: httpx.Client) -> None:
    info = ServerInfo.model_validate(client.get("/info").json())
    assert info.pack == "embedded"
    models = {model.role: model for model in info.models}
    assert set(models) == {"nli", "embedder", "annotator"}
    calibrated = models["nli"].calibrated
    assert calibrated is not None
    assert "thresholds on" in calibrated
    assert models["embedder"].calibrated is None
    rewards = RewardList.model_validate(client.get("/rewards").json()).rewards
    assert DEFAULT_REWARD in {reward.name for reward in rewards}
    assert all(reward.doc and reward.low <= reward.high for reward in rewards)


def test_an_honest_answer_scores_above_word_soup_and_alone_as_in_a_batch(client: httpx.Client) -> None:
    good, soup = ITEM, ITEM | {"completion": SOUP}
    together = client.post("/score", json={"items": [soup, good, soup]}).raise_for_status().json()
    alone = client.post("/score", json={"items": [good]}).raise_for_status().json()
    scores = [result["rewards"][DEFAULT_REWARD] for result in together["results"]]
    assert scores[1] > scores[0] == scores[2]
    assert alone["results"][0]["rewards"][DEFAULT_REWARD] == pytest.approx(scores[1], abs=1e-4)
    assert alone["fingerprint"] == together["fingerprint"] == client.get("/info").json()["fingerprint"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_printed_example_works(server: LiveServer) -> None:
    printed = server.log.read_text()
    command = printed[printed.index("curl -s") :]
    command = command[: command.index("}'") + 2]
    run = subprocess.run(
        ["bash", "-c", command],
        env={"KEY": KEY, "PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
        timeout=120,
    )
    result = json.loads(run.stdout)["results"][0]
    assert isinstance(result["rewards"][DEFAULT_REWARD], float)
    assert result["layers"]


def test_the_score_command_asks_the_server(server: LiveServer, root: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    file.write_text(json.dumps(ITEM) + "\n")
    command = [
        sys.executable,
        "-m",
        "reward_service",
        "score",
        str(file),
        "-o",
        str(out),
        "--url",
        server.url,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REWARD_")}
    refused = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert refused.returncode == 1
    assert "401 unauthorized" in refused.stderr
    environment["REWARD_API_KEYS"] = KEY
    subprocess.run(command, cwd=root, env=environment, check=True, timeout=120)
    assert isinstance(json.loads(out.read_text())["rewards"][DEFAULT_REWARD], float)


def test_metrics_count_what_was_done(client: httpx.Client) -> None:
    client.post("/score", json={"items": [ITEM]}).raise_for_status()
    lines = client.get("/metrics").text.splitlines()
    counted = dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    assert float(counted['touchstone_requests_total{route="/score",status="200"}']) >= 1
    assert float(counted['touchstone_items_scored_total{lane="training"}']) >= 1
    assert float(counted["touchstone_nli_pairs_total"]) >= 1
    assert counted["touchstone_ready"] == "1.0"


def test_a_caller_that_leaves_leaks_nothing(server: LiveServer, client: httpx.Client) -> None:
    body = json.dumps({"items": [ITEM | {"completion": f"{GOOD} {index}."} for index in range(40)]}).encode()
    head = (
        f"POST /score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head + body)
            time.sleep(0.05)
    end = time.monotonic() + 60
    while "touchstone_requests_in_flight 1.0" not in client.get("/metrics").text:  # this very request
        assert time.monotonic() < end, "requests of callers that left are still being worked on"
        time.sleep(0.1)
    assert client.post("/score", json={"items": [ITEM]}).status_code == 200


def test_nothing_broke_in_the_server(server: LiveServer) -> None:
    assert "Traceback" not in server.log.read_text()
