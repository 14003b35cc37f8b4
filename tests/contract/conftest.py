"""A real server process on a free loopback port, with the real embedded models, for the whole session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

KEY = "contract-test-key"
MAX_ITEMS = 64
MAX_BODY_BYTES = 2**20
START_S = 240.0
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server and how to talk to it."""

    url: str
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="session")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server of `python -m reward_service serve`, with a key and small limits.

    A server that does not become ready fails the test, with what it printed.
    """
    log = tmp_path_factory.mktemp("server") / "log.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REWARD_")} | {
        "REWARD_API_KEYS": KEY,
        "REWARD_MAX_ITEMS": str(MAX_ITEMS),
        "REWARD_RECORD_CHECKS": "true",
        "REWARD_DATABASE_URL": f"sqlite:///{log.parent / 'checks.db'}",
        "REWARD_MAX_BODY_BYTES": str(MAX_BODY_BYTES),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "reward_service", "serve", "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        live = LiveServer(_url(process, log), log)
        _wait_ready(process, live)
        yield live
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"the server did not stop within {STOP_S} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def client(server: LiveServer) -> Iterator[httpx.Client]:
    """A client with the key, on real sockets."""
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=120, trust_env=False) as client:
        yield client


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server prints."""
    for _ in _until(time.monotonic() + START_S, process, log):
        for word in log.read_text().split():
            if word.startswith("http://127.0.0.1:"):
                return word.rstrip(".;")
    raise AssertionError


def _wait_ready(process: subprocess.Popen[bytes], server: LiveServer) -> None:
    for _ in _until(time.monotonic() + START_S, process, server.log):
        if httpx.get(f"{server.url}/health/ready", trust_env=False, timeout=30).status_code == 200:
            return


def _until(end: float, process: subprocess.Popen[bytes], log: Path) -> Iterator[None]:
    """A turn every 100 ms; fails the test if the server ends or the time is over."""
    while True:
        if process.poll() is not None:
            pytest.fail(f"the server ended with status {process.returncode}:\n{log.read_text()}")
        if time.monotonic() > end:
            pytest.fail(f"the server was not ready within {START_S} s:\n{log.read_text()}")
        yield
        time.sleep(0.1)
