"""What the synchronous and the asynchronous client have in common."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx

from shared import check_exchange, exchange
from shared.exchange import Peer
from shared.retry import Chance, Flow, Reply, RetryPolicy, Send, Wait
from shared.schema import (
    ChatMessage,
    CheckRequest,
    CheckResponse,
    Detail,
    Lane,
    ScoreItem,
    ScoreRequest,
    ScoreResponse,
)

OnWait = Callable[[int, float, str], None]
"""Called before each wait with the failed attempts so far, the delay in seconds, and the reason."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BaseClient(ABC):
    """What both clients are given.

    Args:
        url: the server, such as `http://127.0.0.1:8080`; a path is kept as prefix.
        api_key: sent as bearer token; None where the server wants none.
        patience_s: seconds of one outage within which another attempt may start; 0 tries once.
        deadline_s: seconds that the server has for one `/score` request, unless a call sets its own.  Checks
            have a shorter default of their own.
        connect_timeout_s: seconds for a connection.
        read_timeout_s: seconds for an answer that needs no scoring.
        on_wait: told of every wait, for logs and progress.
        policy: the whole retry policy, where `patience_s` does not say enough.

    Every call ends: an attempt within its deadline (the synchronous client, which can only look at the clock
    between two pieces of an answer, within twice that), an outage within the patience and one attempt more.

    Raises:
        ValueError: a URL without http:// or https://, a token that can't stand in a header, a number out of
            range.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        patience_s: float = 600.0,
        deadline_s: float = 300.0,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 15.0,
        on_wait: OnWait | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.url = checked_url(url)
        self._deadline_s = deadline_s
        self._connect_timeout_s = connect_timeout_s
        self._on_wait = on_wait
        self._peer = Peer(
            url=self.url,
            policy=policy or RetryPolicy(patience_s=patience_s),
            chance=Chance(now=time.monotonic, wall=lambda: datetime.now(UTC), roll=random.random),
            read_timeout_s=read_timeout_s,
        )
        # a proxy that the environment names can't reach this machine's own loopback
        self._open(_authorization(api_key), trust_env=httpx.URL(self.url).host not in LOOPBACK)

    @abstractmethod
    def _open(self, headers: dict[str, str], *, trust_env: bool) -> None:
        """Make the HTTP client; it connects at the first request."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def _timeout(self, send: Send) -> httpx.Timeout:
        return httpx.Timeout(send.timeout_s, connect=min(self._connect_timeout_s, send.timeout_s))

    def _score(
        self,
        items: Sequence[ScoreItem],
        rewards: Sequence[str],
        detail: Detail,
        lane: Lane,
        deadline_s: float | None,
    ) -> Flow[ScoreResponse]:
        deadline_s = self._deadline_s if deadline_s is None else deadline_s
        request = ScoreRequest(
            items=list(items), rewards=list(rewards), detail=detail, lane=lane, deadline_s=deadline_s
        )
        return exchange.score(self._peer, request, deadline_s)

    def _check(
        self,
        question: str | Sequence[ChatMessage],
        answer: str | Sequence[ChatMessage],
        context: Sequence[str] | None,
        policy: str,
        deadline_s: float,
    ) -> Flow[CheckResponse]:
        request = CheckRequest(
            question=question if isinstance(question, str) else list(question),
            answer=answer if isinstance(answer, str) else list(answer),
            context=None if context is None else list(context),
            policy=policy,
            deadline_s=deadline_s,
        )
        return check_exchange.check(self._peer, request, deadline_s)

    def _tell(self, wait: Wait) -> None:
        if self._on_wait is not None:
            self._on_wait(wait.attempt, wait.delay_s, wait.reason)


def checked_url(url: str) -> str:
    """The URL without a trailing slash.

    Raises:
        ValueError: it is no absolute http or https URL.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"url {url!r} is no URL: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"url must begin with http:// or https:// and name a host, got {url!r}")
    return url.rstrip("/")


def _authorization(api_key: str | None) -> dict[str, str]:
    if api_key is None:
        return {}
    if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ValueError("api_key must be printable ASCII without spaces, and not empty")
    return {"Authorization": f"Bearer {api_key}"}


def content_type(send: Send) -> dict[str, str]:
    """The headers that belong to a request's body."""
    return {} if send.body is None else {"Content-Type": "application/json"}


def reply_of(response: httpx.Response, body: bytes | bytearray) -> Reply:
    """An answer that came whole, as the conversations read it."""
    return Reply(response.status_code, bytes(body), response.headers.get("retry-after"))


def deadline_passed(send: Send) -> Exception:
    """Why an attempt was given up on."""
    return TimeoutError(f"{send.method} {send.path} had no whole answer within {send.timeout_s:g} s")
