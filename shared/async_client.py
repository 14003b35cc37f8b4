"""The asynchronous client of the reward server; the twin of `RewardClient` in `client.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self, TypeVar

import httpx

from shared import check_exchange, exchange
from shared.client_base import BaseClient, content_type, deadline_passed, reply_of
from shared.client_errors import RewardProtocolError
from shared.retry import Flow, Lost, Reply, Send, Wait
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

T = TypeVar("T")


class AsyncRewardClient(BaseClient):
    """The asynchronous client.  Make and close it in the loop that uses it.  Arguments: see `BaseClient`."""

    def _open(self, headers: dict[str, str], *, trust_env: bool) -> None:
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=trust_env)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def score(
        self,
        items: Sequence[ScoreItem],
        rewards: Sequence[str] = (DEFAULT_REWARD,),
        *,
        detail: Detail = Detail.SCORES,
        lane: Lane = Lane.EVALUATION,
        deadline_s: float | None = None,
    ) -> ScoreResponse:
        """Score completions, as `RewardClient.score` does."""
        return await self._run(self._score(items, rewards, detail, lane, deadline_s))

    async def check(
        self,
        question: str | Sequence[ChatMessage],
        answer: str | Sequence[ChatMessage],
        context: Sequence[str] | None = None,
        *,
        policy: str = DEFAULT_POLICY,
        deadline_s: float = check_exchange.DEADLINE_S,
    ) -> CheckResponse:
        """Check one answer of a chatbot, as `RewardClient.check` does."""
        return await self._run(self._check(question, answer, context, policy, deadline_s))

    async def policies(self) -> list[PolicyInfo]:
        """The policies of live checks."""
        return await self._run(check_exchange.policies(self._peer))

    async def rewards(self) -> list[RewardInfo]:
        """The rewards that can be asked for."""
        return await self._run(exchange.rewards(self._peer))

    async def info(self) -> ServerInfo:
        """Models, fingerprint and limits."""
        return await self._run(exchange.info(self._peer))

    async def ready(self) -> bool:
        """Is the server ready now?  Asks once; False where it can't be reached."""
        return await self._run(exchange.ready(self._peer))

    async def wait_ready(self, timeout_s: float) -> None:
        """Return when the server is ready.

        Raises:
            RewardUnavailable: it was not within `timeout_s` seconds.
        """
        await self._run(exchange.wait_ready(self._peer, timeout_s))

    async def _run(self, flow: Flow[T]) -> T:
        outcome: Reply | Lost | None = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                value: T = end.value
                return value
            if isinstance(step, Wait):
                self._tell(step)
                await asyncio.sleep(step.delay_s)
                outcome = None
            else:
                outcome = await self._exchange(step)

    async def _exchange(self, send: Send) -> Reply | Lost:
        try:
            async with asyncio.timeout(send.timeout_s):
                response = await self._http.request(
                    send.method,
                    send.path,
                    content=send.body,
                    headers=content_type(send),
                    timeout=self._timeout(send),
                )
        except TimeoutError:
            return Lost(deadline_passed(send))
        except httpx.DecodingError as error:
            raise RewardProtocolError(f"the answer's encoding is broken: {error}") from error
        except httpx.TransportError as error:
            return Lost(error)
        return reply_of(response, response.content)
