"""What goes wrong around a server: clients that leave, bodies too large or broken, killed processes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.processes import workers
from benchmarks.serving import Running
from shared.schema import ScoreItem

MAX_BODY_BYTES = 2**20
"""The limit that the server is given."""
PAUSE_S = 1.0
"""Between two faults of clients."""
RECOVERY_S = 60.0
"""So long a server may take to be ready again."""
LOOK_S = 0.02


class Faults:
    """Breaks things in threads of its own, and notes what the server said.

    Args:
        server: to be ill-treated; its body limit is `MAX_BODY_BYTES`.
        items: what good requests hold; the broken ones are made of them.
        seed: of the order.
        kill_every_s: seconds between two kills of a process that the server started; None kills none.
    """

    def __init__(
        self, server: Running, items: Sequence[ScoreItem], seed: int, kill_every_s: float | None
    ) -> None:
        self.done: Counter[str] = Counter()
        """Kind of fault → how often."""
        self.wrong: list[str] = []
        """Where the server answered otherwise than it should."""
        self.kills: list[Kill] = []
        self._server, self._items, self._chance = server, items, random.Random(seed)
        self._body = json.dumps({"items": [item.model_dump(exclude_none=True) for item in items]}).encode()
        self._stop = threading.Event()
        jobs = [self._ill_treat] if kill_every_s is None else [self._ill_treat, self._kill_on]
        self._kill_every_s = kill_every_s or 0.0
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Break nothing more; waits until the server has recovered from the last kill."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * RECOVERY_S)

    def _ill_treat(self) -> None:
        kinds = {
            "left in the midst of its body": self._leave_early,
            "left before the answer": self._leave_late,
            "body too large": self._too_large,
            "malformed JSON": self._malformed,
        }
        while not self._stop.wait(PAUSE_S * self._chance.uniform(0.5, 1.5)):
            kind = self._chance.choice(list(kinds))
            try:
                kinds[kind]()
            except (OSError, httpx.TransportError) as error:
                self.wrong.append(f"{kind}: {type(error).__name__}: {error}")
            self.done[kind] += 1

    def _leave_early(self) -> None:
        with self._connection() as connection:
            connection.sendall(self._head(len(self._body)) + self._body[: len(self._body) // 2])

    def _leave_late(self) -> None:
        with self._connection() as connection:
            connection.sendall(self._head(len(self._body)) + self._body)
            time.sleep(self._chance.uniform(0.0, 0.3))

    def _too_large(self) -> None:
        self._expect(b" " * (MAX_BODY_BYTES + 1), {413}, "body too large")

    def _malformed(self) -> None:
        cut = self._chance.randrange(1, len(self._body) - 1)
        self._expect(self._body[:cut], {422}, "malformed JSON")

    def _expect(self, body: bytes, statuses: set[int], kind: str) -> None:
        headers = {"content-type": "application/json"}
        with httpx.Client(trust_env=False, timeout=60) as client:
            status = client.post(f"{self._server.url}/score", content=body, headers=headers).status_code
        if status not in statuses:
            self.wrong.append(f"{kind}: answered {status}")

    def _connection(self) -> socket.socket:
        host, _, port = self._server.url.removeprefix("http://").partition(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def _head(self, length: int) -> bytes:
        return (
            "POST /score HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()

    def _kill_on(self) -> None:
        while not self._stop.wait(self._kill_every_s):
            if there := workers(self._server.pid):
                self.kills.append(kill(self._server, self._chance.choice(there)))


@dataclass(slots=True)
class Kill:
    """A process of the server that was killed, and how the server took it."""

    pid: int
    unready_s: float | None = None
    """Seconds until readiness turned false; None: it never did."""
    ready_s: float | None = None
    """Seconds until it was true again; None: it was not in time."""
    said: list[str] = field(default_factory=list)
    """What was wrong in the server's own words."""


def kill(server: Running, pid: int) -> Kill:
    """Kill a process of the server, and watch its readiness until it is back.

    A server that recovers between two looks, `LOOK_S` seconds apart, counts as never unready.
    """
    found = Kill(pid)
    with httpx.Client(trust_env=False, timeout=30) as client:
        begin = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while (spent := time.monotonic() - begin) < RECOVERY_S:
            answer = client.get(f"{server.url}/health/ready")
            if answer.status_code != 200 and found.unready_s is None:
                found.unready_s = spent
                found.said.append(_reason(answer))
            elif answer.status_code == 200 and found.unready_s is not None:
                found.ready_s = spent
                return found
            time.sleep(LOOK_S)
    return found


def _reason(answer: httpx.Response) -> str:
    try:
        told: Any = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    return str(told)
