"""Clients of the reward server: they send, sleep and nothing else.

What is said, when it is said again and how answers are read stands in `exchange.py` and `retry.py`; what can
go wrong in `client_errors.py`.  The asynchronous twin lives in `async_client.py` and is exported here too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Self, TypeVar

import httpx

from shared import check_exchange, exchange
from shared.async_client import AsyncRewardClient
from shared.client_base import BaseClient, OnWait, content_type, deadline_passed, reply_of
from shared.client_errors import (
    RewardClientError,
    RewardProtocolError,
    RewardRejected,
    RewardServerError,
    RewardUnavailable,
)
from shared.retry import Flow, Lost, Reply, RetryPolicy, Send, Wait
from shared.schema import (
    DEFAULT_POLICY,
    DEFAULT_REWARD,
    ChatMessage,
    CheckResponse,
    Detail,
    Lane,
    PolicyInfo,
    RewardInfo,
    ScoreItem,
    ScoreResponse,
    ServerInfo,
)

__all__ = [
    "AsyncRewardClient",
    "OnWait",
    "RetryPolicy",
    "RewardClient",
    "RewardClientError",
    "RewardProtocolError",
    "RewardRejected",
    "RewardServerError",
    "RewardUnavailable",
]

T = TypeVar("T")


class RewardClient(BaseClient):
    """The synchronous client.  Close it, or use it as a context manager.  Arguments: see `BaseClient`."""

    def _open(self, headers: dict[str, str], *, trust_env: bool) -> None:
        self._http = httpx.Client(base_url=self.url, headers=headers, trust_env=trust_env)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def score(
        self,
        items: Sequence[ScoreItem],
        rewards: Sequence[str] = (DEFAULT_REWARD,),
        *,
        detail: Detail = Detail.SCORES,
        lane: Lane = Lane.EVALUATION,
        deadline_s: float | None = None,
    ) -> ScoreResponse:
        """Score completions.  One request, or several where the server's limits demand it.

        Args:
            items: what to score.
            rewards: names from `rewards()`.
            detail: how much to say about each score.
            lane: who waits.
            deadline_s: seconds that the server has for each request; the client's default where it is None.

        Returns:
            One result for each item, in order.  A score is a finite number, or None with its reason.

        Raises:
            RewardRejected, RewardServerError, RewardUnavailable, RewardProtocolError: see `client_errors.py`.
            pydantic.ValidationError: no rewards, or a deadline out of range.
        """
        return self._run(self._score(items, rewards, detail, lane, deadline_s))

    def check(
        self,
        question: str | Sequence[ChatMessage],
        answer: str | Sequence[ChatMessage],
        context: Sequence[str] | None = None,
        *,
        policy: str = DEFAULT_POLICY,
        deadline_s: float = check_exchange.DEADLINE_S,
    ) -> CheckResponse:
        """Check one answer of a chatbot before a person sees it.

        A person waits for it, so an error now is better than an answer later: the deadline holds for all
        attempts together, however long the client's patience is.

        Args:
            question: a text, or the conversation, whose last message of the user is the question.
            answer: a text, or messages, of which the assistant's are the answer.
            context: the passages that it was to rest on.
            policy: a name from `policies()`.
            deadline_s: seconds from now; without an answer by then, an error follows within a second.

        Returns:
            The verdict with its reasons, the worst first; spans are characters of its `answer`.

        Raises:
            RewardRejected, RewardServerError, RewardUnavailable, RewardProtocolError: see `client_errors.py`.
            pydantic.ValidationError: more passages than a request may hold, or a deadline out of range.
        """
        return self._run(self._check(question, answer, context, policy, deadline_s))

    def policies(self) -> list[PolicyInfo]:
        """The policies of live checks; raises as `score` does."""
        return self._run(check_exchange.policies(self._peer))

    def rewards(self) -> list[RewardInfo]:
        """The rewards that can be asked for; raises as `score` does."""
        return self._run(exchange.rewards(self._peer))

    def info(self) -> ServerInfo:
        """Models, fingerprint and limits; raises as `score` does."""
        return self._run(exchange.info(self._peer))

    def ready(self) -> bool:
        """Is the server ready now?  Asks once; False where it can't be reached."""
        return self._run(exchange.ready(self._peer))

    def wait_ready(self, timeout_s: float) -> None:
        """Return when the server is ready.

        Raises:
            RewardUnavailable: it was not within `timeout_s` seconds.
        """
        self._run(exchange.wait_ready(self._peer, timeout_s))

    def _run(self, flow: Flow[T]) -> T:
        outcome: Reply | Lost | None = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                value: T = end.value
                return value
            if isinstance(step, Wait):
                self._tell(step)
                time.sleep(step.delay_s)
                outcome = None
            else:
                outcome = self._exchange(step)

    def _exchange(self, send: Send) -> Reply | Lost:
        ends = time.monotonic() + send.timeout_s
        request = self._http.build_request(
            send.method,
            send.path,
            content=send.body,
            headers=content_type(send),
            timeout=self._timeout(send),
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if time.monotonic() > ends:
                        return Lost(deadline_passed(send))
            finally:
                response.close()
        except httpx.DecodingError as error:
            raise RewardProtocolError(f"the answer's encoding is broken: {error}") from error
        except httpx.TransportError as error:
            return Lost(error)
        return reply_of(response, body)
