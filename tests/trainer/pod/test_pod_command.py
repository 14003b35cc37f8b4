"""`python -m trainer pod` with the real server and a real run of a tiny policy."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.stand_in import free_port
from tests.trainer.pod.scripts import gone, wait_for, wait_until
from tests.trainer.tiny import save_tiny_policy

ROOT = Path(__file__).parents[3]
WAIT_S = 400.0
KEY = "pod-test-key"
REWARDS = ["full_coherence_smooth_reward", "terminology_reward"]


@contextmanager
def pod(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, running; a test that fails leaves nobody behind."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REWARD_")},
        "OMP_NUM_THREADS": "1",
        "REWARD_API_KEYS": KEY,
        "TRAINER_API_KEY": KEY,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "trainer", "pod", "--preset", "cpu-demo", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
            process.communicate()


def refused(*arguments: str) -> str:
    """What it says before it starts anything."""
    with pod(*arguments) as process:
        said, _ = process.communicate(timeout=WAIT_S)
        assert process.returncode == 1, said
        return said


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        said = refused("--port", port, "--output-dir", str(tmp_path / "run"))
    assert f"--port {port}: in use on 127.0.0.1" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "rewards.url=http://elsewhere"], "--port says where it listens"),
        (["--server-python", "no/such/python"], "--server-python no/such/python: no such program"),
        (["--trainer-python", "no/such/python"], "--trainer-python no/such/python: no such program"),
        (["--set", "run.stepz=1"], "run.stepz: unknown key"),
        (["--resume"], "holds no whole checkpoint"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    folder = tmp_path / "run"
    assert words in refused("--port", str(free_port()), "--output-dir", str(folder), *arguments)
    assert not folder.exists()


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    """A tiny policy, and steps that take a moment."""
    data = tmp_path / "data.jsonl"
    with data.open("w", encoding="utf-8") as file:
        for question in (
            "What is value?",
            "What is the state?",
            "Who rules the workers?",
            "What is capital?",
        ):
            prompt = [{"role": "system", "content": "explains"}, {"role": "user", "content": question}]
            reference = "Capital exploits labour, and the state rules the workers."
            file.write(json.dumps({"prompt": prompt, "reference": reference}) + "\n")
    values = {
        "run.save_every": 100,
        "run.report_to": "none",
        "policy.model": save_tiny_policy(tmp_path / "policy"),
        "data.file": data,
        "data.system_prompt": "null",
        "rewards.names": json.dumps(REWARDS),
        "rewards.weights": "[1.0, 1.0]",
        "rewards.patience_s": 300,
        "rewards.startup_patience_s": 300,
        "generation.max_completion_tokens": 40,
    }
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def pids(log: Path) -> list[int]:
    return [int(pid) for pid in re.findall(r"started, process (\d+)", log.read_text(encoding="utf-8"))]


def steps(folder: Path) -> int:
    """How many steps are done."""
    path = folder / "metrics.jsonl"
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


def summary(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))


@pytest.mark.slow
def test_a_killed_server_costs_nothing_and_a_stopped_pod_goes_on(tmp_path: Path, settings: list[str]) -> None:
    folder = tmp_path / "run"
    server, trainer = folder / "server.log", folder / "trainer.log"
    folder.mkdir()
    (folder / "summary.json").write_text("{}")  # an earlier run, which is moved aside and not logged into
    given = ["--port", str(free_port()), "--output-dir", str(folder), *settings]

    with pod(*given, "--set", "run.steps=1000") as process:
        wait_for(trainer, "step 1 of", timeout_s=WAIT_S)
        os.kill(pids(server)[0], signal.SIGKILL)
        wait_for(server, "ended with SIGKILL")
        done = steps(folder)
        wait_until(lambda: steps(folder) >= done + 2, timeout_s=WAIT_S)
        assert int((folder / "pod.pid").read_text()) == process.pid
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 3, said
    assert len(pids(server)) == 2, "started again once"
    assert len(pids(trainer)) == 1, "the run waited, and was not begun anew"
    assert all(gone(pid) for pid in (*pids(server), *pids(trainer)))
    assert "server: ended with SIGKILL; starting it again in 1 s" in said
    assert said.count("server: ready after") == 2
    done = steps(folder)
    assert (folder / f"checkpoint-{done}" / "trainer_state.json").exists()
    assert (summary(folder)["status"], summary(folder)["reason"]) == ("stopped", "stopped by SIGTERM")
    assert KEY not in said + server.read_text() + trainer.read_text()
    assert not (folder / "pod.pid").exists()
    assert not (tmp_path / "run.1" / "server.log").exists()

    command = shlex.split(said.split("Continue with:")[1].strip())
    assert command[1:4] == ["-m", "trainer", "pod"]
    with pod(*command[4:], "--set", f"run.steps={done + 2}") as process:
        said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, said
    assert (summary(folder)["status"], steps(folder)) == ("complete", done + 2)
    assert "adapter:" in said
    assert all(gone(pid) for pid in (*pids(server), *pids(trainer)))
