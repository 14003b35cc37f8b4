"""A small HTTP server on loopback that answers as a test tells it to, and otherwise as a reward server would.

Its scores are a hash of the texts: enough to see that every completion got its own, and the same each time.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from shared.schema import SCHEMA_VERSION, Detail, ScoreItem, ScoreRequest

FINGERPRINT = "stand-in"


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def score(self) -> ScoreRequest:
        return ScoreRequest.model_validate_json(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer; `body` as it stands, or as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    cut: int | None = None
    """Promise the whole body, send this many bytes, and reset the connection."""
    drip_s: float = 0.0
    """Send byte by byte, with this pause."""

    @property
    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Behaviour = Callable[[Received], Answer]


def error(status: int, code: str = "unavailable", where: str | None = None, **headers: str) -> Answer:
    """An error in the wire's shape; `retry_after="3"` becomes the header Retry-After."""
    body = {"error": {"code": code, "message": f"told to answer {status}", "where": where}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def score_of(item: ScoreItem, reward: str) -> float:
    """The score that an item gets: between -1 and 1, from its content alone."""
    text = item.model_dump_json(exclude={"id"}) + reward
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**31 - 1


def scored(request: ScoreRequest) -> dict[str, Any]:
    """An honest answer, as plain JSON; tests spoil it where they need a spoilt one."""
    return {
        "results": [_result(item, index, request) for index, item in enumerate(request.items)],
        "fingerprint": FINGERPRINT,
        "schema_version": SCHEMA_VERSION,
        "usage": {"nli_pairs": len(request.items), "nli_tokens": 10, "cached": 1},
    }


def _result(item: ScoreItem, index: int, request: ScoreRequest) -> dict[str, Any]:
    scores = {name: score_of(item, name) for name in request.rewards}
    layers: dict[str, Any] | None = None
    if request.detail is not Detail.SCORES:
        layers = {name: {"score": score} for name, score in scores.items()}
        for name in [name for name in scores if name.startswith("full_")]:
            part = score_of(item, "part")
            layers["topic_part"] = {"score": part}
            layers[name] |= {"decided_by": "sum", "parts": {"topic_part": 0.4 * part}}
    return {
        "id": item.id if item.id is not None else str(index),
        "rewards": scores,
        "unscorable": {},
        "layers": layers,
    }


class StandIn:
    """The server; use it as a context manager.

    Args:
        port: 0 takes a free one.
        limits: what `GET /info` reports, and what `POST /score` enforces by 413 and 422.
    """

    def __init__(self, port: int = 0, *, max_items: int = 512, max_body_bytes: int = 1 << 25) -> None:
        self.received: list[Received] = []
        self.script: deque[Answer | Behaviour] = deque()
        """What to answer to the next requests; when it is empty the server is honest."""
        self.max_items, self.max_body_bytes = max_items, max_body_bytes
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.stand_in = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def scored(self) -> list[ScoreRequest]:
        """The `/score` requests so far."""
        return [received.score for received in self.received if received.path == "/score"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, received: Received) -> Answer:
        self.received.append(received)
        if self.script:
            told = self.script.popleft()
            return told if isinstance(told, Answer) else told(received)
        match received.path:
            case "/score":
                return self._score(received)
            case "/info":
                return Answer(body=self._info())
            case "/rewards":
                entry = {"name": "a", "low": -1, "high": 1, "kind": "function", "needs": [], "doc": "A."}
                return Answer(body={"rewards": [entry]})
            case "/health/ready":
                return Answer(body={"status": "ok", "workers": {}})
        return error(404, "not_found")

    def _score(self, received: Received) -> Answer:
        if len(received.body) > self.max_body_bytes:
            return error(413, "too_large")
        if len(received.score.items) > self.max_items:
            return error(422, "too_many_items", where="items")
        return Answer(body=scored(received.score))

    def _info(self) -> dict[str, Any]:
        return {
            "version": "0",
            "schema_version": SCHEMA_VERSION,
            "pack": "stand-in",
            "fingerprint": FINGERPRINT,
            "models": [],
            "limits": {
                "max_items": self.max_items,
                "max_text_chars": 1000,
                "max_body_bytes": self.max_body_bytes,
            },
            "default_deadline_s": {"training": 600.0, "evaluation": 600.0, "live": 5.0},
        }


class _Server(ThreadingHTTPServer):
    stand_in: StandIn
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left early is no error of a test's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.stand_in.answer(Received(self.command, self.path, headers, body))
        time.sleep(answer.wait_s)
        payload = answer.payload
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if answer.cut is not None:
            self.wfile.write(payload[: answer.cut])
            self._reset()
        elif answer.drip_s:
            for at in range(len(payload)):
                self.wfile.write(payload[at : at + 1])
                time.sleep(answer.drip_s)
        else:
            self.wfile.write(payload)

    def _reset(self) -> None:
        """End as a killed process ends: with a reset instead of an orderly farewell."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def free_port() -> int:
    """A port of the loopback interface on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
