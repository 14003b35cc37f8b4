"""A reward server of our own: a process that never outlives us."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

TAIL_LINES = 30


class ServerDied(RuntimeError):
    """The server ended by itself; the message holds the end of its log."""


class LocalServer:
    """Runs a command as long as it is entered: terminated, then killed, and always waited for.

    On Linux the kernel also ends it when this process is killed and can do nothing any more.

    Args:
        command: what to run.
        environment: of the process.
        log: the file that gets its standard output and errors.
        grace_s: seconds between asking it to end and killing it.
    """

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], log: Path, grace_s: float = 10.0
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log
        self._grace_s = grace_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None, "not entered"
        return self._process.pid

    def __enter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for us; we stop the server when we are done
                preexec_fn=end_with_parent(),  # noqa: PLW1509  (one prepared system call, no lock)
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None, "not entered"
        try:
            self._process.terminate()
            self._process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            pass  # it had its chance
        finally:
            self._process.kill()
            self._process.wait()

    def check(self) -> None:
        """Look whether it still runs.

        Raises:
            ServerDied: with the end of its log.
        """
        assert self._process is not None, "not entered"
        status = self._process.poll()
        if status is not None:
            raise ServerDied(f"the reward server ended with status {status}\n{self.tail()}")

    def tail(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f"--- the end of {self._log}", *lines])


def reward_server(port: int, log: Path, environ: Mapping[str, str]) -> LocalServer:
    """Touchstone's server on loopback with the embedded models, whatever the environment says."""
    theirs = {
        name: value for name, value in environ.items() if not name.startswith("REWARD_") and name != "PORT"
    }
    environment = {
        **theirs,
        "REWARD_MODELS": "embedded",
        "PYTHONUNBUFFERED": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    command = [sys.executable, "-m", "reward_service", "serve", "--host", "127.0.0.1", "--port", str(port)]
    return LocalServer(command, environment=environment, log=log)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes the server: ask Linux for SIGTERM when its parent dies."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up here: little is allowed between fork and exec
    set_parent_death_signal, parent = 1, os.getpid()

    def ask() -> None:
        prctl(set_parent_death_signal, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask
