"""Small programs that behave as servers and trainers do, for tests of what supervises them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trainer.pod.program import Program

ENDLESS = "import time; print('up', flush=True); time.sleep(300)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + ENDLESS
SAVES = (
    "import signal, sys, time\n"
    "def save(*_):\n"
    "    time.sleep(0.3); print('checkpoint saved', flush=True); sys.exit(3)\n"
    "signal.signal(signal.SIGTERM, save)\n"
    "print('step 1 of 9', flush=True)\n"
    "time.sleep(300)\n"
)
"""A trainer that ends with status 3 when it is told to, and takes its time."""


def program(name: str, code: str, folder: Path, *arguments: str, grace_s: float = 20.0) -> Program:
    """A program of the given Python code, which gets the arguments."""
    command = (sys.executable, "-c", code, *arguments)
    return Program(name, command, dict(os.environ), folder / f"{name}.log", grace_s)


def gone(pid: int) -> bool:
    """Whether no such process runs; one that only waits to be noticed counts as gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 120.0) -> None:
    """Look again and again; fails when it never comes true."""
    ends = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.02)


def wait_for(log: Path, text: str, *, timeout_s: float = 120.0) -> None:
    """Until a file holds a text."""
    wait_until(lambda: log.exists() and text in log.read_text(encoding="utf-8"), timeout_s=timeout_s)
