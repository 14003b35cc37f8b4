"""A supervised process: what it is, how it is started, and how it is ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trainer.local_server import end_with_parent

TAIL_BYTES = 16_384
NOTE = "=== pod: "
"""Begins what we ourselves write into a log."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and where its output goes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    """Gets standard output and errors; appended to, never cut."""
    grace_s: float
    """Seconds between asking it to end and killing it."""

    def tail(self, lines: int) -> list[str]:
        """The last lines that the program wrote, without empty ones; none where there is no log yet."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                text = log.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        wrote = (line for line in text.splitlines() if line.strip() and not line.startswith(NOTE))
        return [line.rstrip() for line in wrote][-lines:]


class Process:
    """One start of a program, in a session of its own, so that Ctrl-C at a terminal comes to us alone.

    On Linux the kernel sends it SIGTERM when we are killed and can do nothing any more.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._status: int | None = None
        self._kill_at = float("inf")
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            self._process = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(program.environment),
                start_new_session=True,
                preexec_fn=end_with_parent(),  # noqa: PLW1509  (one prepared system call, no lock)
            )
        self._note(f"started, process {self.pid}")

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def status(self) -> int | None:
        """The exit status, as a shell counts it (128 + n after signal n); None while it runs."""
        if self._status is None and time.monotonic() >= self._kill_at:
            os.kill(self.pid, signal.SIGKILL)  # Popen.kill might wait for it, and we want its group first
        if self._status is None and self._has_ended():
            # Before we wait for it, while its id can't be anybody else's: what it started ends with it.
            _kill_group(self.pid)
            code = self._process.wait()
            self._status = code if code >= 0 else 128 - code
            self._note(f"ended with {said(self._status)}")
        return self._status

    def ask_to_end(self) -> None:
        """SIGTERM now, SIGKILL when the grace is over; `status` sees to it.  Asking again changes nothing."""
        if self._kill_at == float("inf") and self.status() is None:
            self._kill_at = time.monotonic() + self._program.grace_s
            os.kill(self.pid, signal.SIGTERM)

    def end(self) -> int:
        """Ask it to end and wait until it has; returns the exit status."""
        self.ask_to_end()
        while (status := self.status()) is None:
            time.sleep(0.05)
        return status

    def _has_ended(self) -> bool:
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, look) is not None

    def _note(self, what: str) -> None:
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with self._program.log.open("a", encoding="utf-8") as log:
            log.write(f"{NOTE}{now}  {self._program.name} {what}\n")


def said(status: int) -> str:
    """An exit status in words."""
    if status <= 128:
        return f"status {status}"
    try:
        return signal.Signals(status - 128).name
    except ValueError:
        return f"status {status}"


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
