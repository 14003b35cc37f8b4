"""Keeps the reward server running: started again when it dies, each time after a longer wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from trainer.pod.program import Process, Program, said

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often, and how fast."""

    tries: int = 5
    """Deaths in a row after which we give up."""
    first_wait_s: float = 1.0
    """Doubles with every death in a row."""
    longest_wait_s: float = 60.0
    steady_s: float = 60.0
    """A server that was ready for so long starts a new row."""
    probe_every_s: float = 1.0


class ServerGaveUp(RuntimeError):
    """The server died too often; the message says how."""


class ServerKeeper:
    """Holds the server's process; `mind` has to be called often.

    Args:
        program: the server.
        ready: whether it can score now; asked until it says yes for the first time after a start.
        restarts: how often, and how fast.
        say: gets a line for everything that happens.
    """

    def __init__(self, program: Program, ready: Callable[[], bool], restarts: Restarts, say: Say) -> None:
        self.program = program
        self.starts = 0
        self._ready = ready
        self._restarts = restarts
        self._say = say
        self._process: Process | None = None
        self._deaths = 0
        self._begin_at = 0.0  # monotonic time of the next start, where none runs
        self._began = 0.0
        self._probe_at = 0.0
        self._ready_since: float | None = None

    @property
    def state(self) -> str:
        """In a word or two."""
        if self._process is None:
            return f"down, starts in {max(0.0, self._begin_at - time.monotonic()):.0f} s"
        return "loading" if self._ready_since is None else "up"

    def mind(self) -> None:
        """Start it, look whether it still runs, and decide what to do if not.

        Raises:
            ServerGaveUp: it has died too often.
        """
        now = time.monotonic()
        if self._process is None:
            if now >= self._begin_at:
                self._start(now)
            return
        status = self._process.status()
        if status is not None:
            self._process = None
            self._died(status, now)
        elif self._ready_since is None and now >= self._probe_at:
            self._probe_at = now + self._restarts.probe_every_s
            if self._ready():
                self._ready_since = time.monotonic()
                self._say(f"server: ready after {self._ready_since - self._began:.0f} s")

    def end(self) -> None:
        """End it, if it runs, and wait until it is gone."""
        if self._process is not None:
            status = self._process.end()
            self._process = None
            self._say(f"server: ended with {said(status)}")

    def _start(self, now: float) -> None:
        self._began, self._probe_at, self._ready_since = now, now, None
        self._process = Process(self.program)
        self.starts += 1
        self._say(f"server: started, process {self._process.pid}")

    def _died(self, status: int, now: float) -> None:
        if self._ready_since is not None and now - self._ready_since >= self._restarts.steady_s:
            self._deaths = 0
        self._deaths += 1
        if self._deaths >= self._restarts.tries:
            raise ServerGaveUp(
                f"the server ended {self._deaths} times in a row, the last time with {said(status)}"
            )
        wait_s = min(self._restarts.longest_wait_s, self._restarts.first_wait_s * 2 ** (self._deaths - 1))
        self._begin_at = now + wait_s
        self._say(f"server: ended with {said(status)}; starting it again in {wait_s:.0f} s")


def is_ready(url: str) -> bool:
    """Whether a reward server answers there that it can score."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=1.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
