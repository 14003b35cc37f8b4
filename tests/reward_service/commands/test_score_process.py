"""`python -m reward_service score` as a process: killed, interrupted, started again; and with real models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from reward_service.tables.journal import ENDING
from shared.schema import DEFAULT_REWARD
from tests.support.stand_in import Answer, Received, StandIn
from tests.support.tables import GOOD, lines_of, write_lines

ROWS = 150
CHUNK = 32


class Gated(StandIn):
    """Answers so many `/score` requests, and keeps the next ones waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = ROWS

    def answer(self, received: Received) -> Answer:
        answer = super().answer(received)
        while received.path == "/score" and len(self.scored) > self.allowed and not self.open:
            time.sleep(0.01)
        return answer

    open = False


@pytest.fixture
def server() -> Iterator[Gated]:
    with Gated() as standing:
        yield standing
        standing.open = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "in.jsonl", [GOOD | {"completion": f"é {n}", "n": n} for n in range(ROWS)])


@contextmanager
def started(root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process that doesn't outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reward_service", "score", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("REWARD_")},
        # A shell's background job ignores SIGINT, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not done():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.01)


def finished(process: subprocess.Popen[str]) -> str:
    """What it said on stderr."""
    _, told = process.communicate(timeout=120)
    return told


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_goes_on_and_gives_what_an_uninterrupted_one_gives(
    root: Path, tmp_path: Path, file: Path, server: Gated, torn: bool
) -> None:
    out, once = tmp_path / "out.parquet", tmp_path / "once.parquet"
    journal = tmp_path / f"out.parquet{ENDING}"
    arguments = (str(file), "--url", server.url, "--detail", "layers")
    server.allowed = 2
    with started(root, *arguments, "-o", str(out)) as process:
        until(lambda: len(server.scored) == 3)
        os.kill(process.pid, signal.SIGKILL)
        finished(process)
        assert process.returncode == -signal.SIGKILL
    assert len(journal.read_bytes().splitlines()) == 1 + 2 * CHUNK  # at most a chunk is lost
    if torn:  # as a crash of the machine may leave it
        journal.write_bytes(journal.read_bytes()[:-40])

    server.allowed = 1000
    asked = len(server.scored)
    with started(root, *arguments, "-o", str(out)) as process:
        told = finished(process)
        assert process.returncode == 0, told
    assert f"{2 * CHUNK - torn} of {ROWS} rows are done already" in told
    assert ("could not be read" in told) == torn
    assert sum(len(request.items) for request in server.scored[asked:]) == ROWS - 2 * CHUNK + torn
    assert not journal.exists()

    with started(root, *arguments, "-o", str(once)) as process:
        finished(process)
        assert process.returncode == 0
    resumed, uninterrupted = pq.read_table(out), pq.read_table(once)
    assert resumed.equals(uninterrupted)
    assert resumed.column("n").to_pylist() == list(range(ROWS))


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(
    root: Path, tmp_path: Path, file: Path, server: Gated
) -> None:
    out = tmp_path / "out.csv"
    server.allowed = 1
    with started(root, str(file), "--url", server.url, "-o", str(out)) as process:
        until(lambda: len(server.scored) == 2)
        process.send_signal(signal.SIGINT)
        told = finished(process)
    assert process.returncode == 130
    assert f"stopped: {CHUNK} of {ROWS} rows are done and kept in {out}{ENDING}" in told
    assert "the same command goes on from there" in told
    assert "Traceback" not in told
    assert not out.exists()


def test_two_runs_of_one_output_do_not_mix(root: Path, tmp_path: Path, file: Path, server: Gated) -> None:
    out = tmp_path / "out.csv"
    server.allowed = 1
    with started(root, str(file), "--url", server.url, "-o", str(out)) as first:
        until(lambda: len(server.scored) == 2)
        with started(root, str(file), "--url", server.url, "-o", str(out), "--restart") as second:
            assert "another process is writing" in finished(second)
            assert second.returncode == 1
        server.open = True
        told = finished(first)
        assert first.returncode == 0, told


def test_real_models_score_a_table_as_they_score_lines(root: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "question": "What is surplus value?",
            "answer": "Surplus value is what workers produce beyond the value of their labour power.",
            "reference": "Surplus value is the value that labour creates beyond its own wage.",
            "model": "a",
        },
        {"question": "What is rent?", "answer": "Rent is paid for the use of land.", "model": "b"},
    ]
    file, out = write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out.parquet"
    rewards = ("--reward", DEFAULT_REWARD, "--reward", "terminology_reward")
    with started(root, str(file), *rewards, "--detail", "layers", "-o", str(out)) as process:
        told = finished(process)
        assert process.returncode == 0, told
    first, second = pq.read_table(out).to_pylist()
    assert {name: first[name] for name in rows[0]} == rows[0]
    assert isinstance(first[DEFAULT_REWARD], float)
    assert second[DEFAULT_REWARD] is None
    assert "reference" in second[f"{DEFAULT_REWARD}_reason"]
    assert first["part.topic_relevance_reward"] is not None

    again = tmp_path / "again.jsonl"
    with started(root, str(out), *rewards, "-o", str(again), "--replace") as process:
        told = finished(process)
        assert process.returncode == 0, told
    for row, line in zip((first, second), lines_of(again), strict=True):
        assert line[DEFAULT_REWARD] == pytest.approx(row[DEFAULT_REWARD], abs=1e-4)
        assert line["terminology_reward"] == pytest.approx(row["terminology_reward"], abs=1e-4)
