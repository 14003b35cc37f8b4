"""The demo's server never outlives the demo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.local_server import LocalServer, ServerDied

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(300)"]
DEAF = [SLEEP[0], "-c", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP[2]]


def server(command: list[str], log: Path) -> LocalServer:
    return LocalServer(command, environment=dict(os.environ), log=log, grace_s=0.5)


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.02)


def wait_for(log: Path, text: str) -> None:
    wait_until(lambda: log.exists() and text in log.read_text())


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"  # dead, and waiting for its new parent to notice


@pytest.mark.parametrize("command", [SLEEP, DEAF], ids=["obedient", "deaf"])
def test_it_is_gone_afterwards_even_on_failure(tmp_path: Path, command: list[str]) -> None:
    log = tmp_path / "logs" / "server.log"
    running = server(command, log)

    def fail() -> None:
        with running:
            wait_for(log, "up")
            running.check()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gone(running.pid)


def test_one_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with server([sys.executable, "-c", "import sys; print('no such model'); sys.exit(4)"], log) as running:
        wait_until(lambda: gone(running.pid))
        with pytest.raises(ServerDied, match=r"ended with status 4\n(.|\n)*no such model"):
            running.check()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, os\n"
            "from pathlib import Path\n"
            "from trainer.local_server import LocalServer\n"
            "log = Path(sys.argv[1])\n"
            "with LocalServer(sys.argv[2:], environment=dict(os.environ), log=log) as server:\n"
            "    print(server.pid, flush=True)\n"
            "    time.sleep(300)\n",
            str(log),
            *SLEEP,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_for(log, "up")
        assert not gone(pid)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    wait_until(lambda: gone(pid))
