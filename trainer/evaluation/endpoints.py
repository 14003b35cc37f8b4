"""A policy behind an HTTP endpoint: Ollama, or one that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.client_base import LOOPBACK
from shared.completion import CLOSE, OPEN
from shared.retry import RetryPolicy, backoff, retry_after_s
from trainer.evaluation.answers import Answer, Task, answer_to
from trainer.evaluation.naming import Named
from trainer.evaluation.plan import Sampling
from trainer.evaluation.source import Keep, Ready, Report
from trainer.policy import PolicyUnavailable
from trainer.stopping import StopSignals

TRY_AGAIN = frozenset({429, 502, 503, 504})
LOOK_EVERY_S = 0.1
"""How soon a signal is seen."""


class EndpointSource(Ready, ABC):
    """Asks several questions at once; an endpoint that is busy or away is asked again, with patience.

    Args:
        named: model and URL.
        sampling: how to sample.
        concurrency: requests at once.
        patience_s: seconds of outage, of one question, within which another attempt may start.
        timeout_s: seconds for one answer.
        report: gets a line for each outage.
        stop: holds signals back while requests run.
        api_key: sent as bearer token.
    """

    path: str
    """Of the request, behind the policy's URL."""

    def __init__(
        self,
        named: Named,
        sampling: Sampling,
        *,
        concurrency: int,
        patience_s: float,
        timeout_s: float,
        report: Report,
        stop: StopSignals,
        api_key: str | None = None,
    ) -> None:
        self._named, self._sampling, self._report = named, sampling, report
        self._concurrency, self._timeout_s = concurrency, timeout_s
        self._policy = RetryPolicy(patience_s=patience_s)
        self._stop = stop
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    @abstractmethod
    def body(self, task: Task, context: int) -> dict[str, Any]:
        """The request's body; `context` is enough tokens for the longest prompt and its answer."""

    @abstractmethod
    def read(self, task: Task, reply: Any, seconds: float) -> Answer:
        """The answer out of the reply's JSON; KeyError, IndexError or TypeError where it isn't there."""

    def generate(self, tasks: Sequence[Task], have: Mapping[str, Answer], keep: Keep) -> None:
        """Answer the tasks that lack an answer; see `Source`.

        A signal is held back until the requests have ended, since an event loop swallows what is raised
        within its callbacks; it ends them at once.
        """
        lacking = [task for task in tasks if task.key not in have]
        self._stop.hold()
        try:
            asyncio.run(self._all(lacking, keep, _context(tasks, self._sampling)))
        finally:
            self._stop.release()

    async def _all(self, tasks: Sequence[Task], keep: Keep, context: int) -> None:
        waiting = iter(tasks)
        timeout = httpx.Timeout(self._timeout_s, connect=10.0)
        assert self._named.url is not None
        own = httpx.URL(self._named.url).host not in LOOPBACK  # a proxy can't reach our own loopback
        async with httpx.AsyncClient(headers=self._headers, timeout=timeout, trust_env=own) as client:

            async def work() -> None:
                for task in waiting:  # which all share
                    keep([await self._ask(client, task, context)])

            running = [asyncio.create_task(work()) for _ in range(self._concurrency)]
            everything, stopped = asyncio.gather(*running), asyncio.create_task(self._stopped())
            ends: set[asyncio.Future[Any]] = {everything, stopped}
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if everything.done():
                    await everything
            finally:
                for each in (*running, stopped):
                    each.cancel()
                await asyncio.gather(everything, *running, stopped, return_exceptions=True)

    async def _stopped(self) -> None:
        """Return when a signal has come."""
        while self._stop.pending is None:
            await asyncio.sleep(LOOK_EVERY_S)

    async def _ask(self, client: httpx.AsyncClient, task: Task, context: int) -> Answer:
        """One answer, asked for until it comes or the patience is spent."""
        body = self.body(task, context)
        failed_first: float | None = None
        for attempt in itertools.count(1):
            began = time.monotonic()
            asked_for = None
            try:
                response = await client.post(f"{self._named.url}{self.path}", json=body)
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
            else:
                if response.status_code not in TRY_AGAIN:
                    return self._read(task, response, time.monotonic() - began)
                reason = f"HTTP {response.status_code} {_said(response)}"
                asked_for = retry_after_s(response.headers.get("retry-after"), datetime.now(UTC))
            now = time.monotonic()
            failed_first = now if failed_first is None else failed_first
            left = self._policy.patience_s - (now - failed_first)
            if left <= 0 or (asked_for or 0.0) > left:
                raise PolicyUnavailable(
                    f"{self._where} gave no answer, tried {attempt} times: {reason}\n"
                    "What was generated is kept; the same command goes on from there."
                )
            if attempt == 1:
                self._report(f"{self._named.spelling}: {reason}; asking again for {left:.0f} s")
            delay = backoff(attempt, self._policy, random.random()) if asked_for is None else asked_for
            await asyncio.sleep(min(max(delay, 0.05), left))
        raise AssertionError("unreachable: the loop has no end of its own")

    def _read(self, task: Task, response: httpx.Response, seconds: float) -> Answer:
        if response.status_code != 200:
            raise PolicyUnavailable(
                f"{self._where} answered {response.status_code} to line {task.question.line} of the questions"
                f": {_said(response)}"
            )
        try:
            return self.read(task, response.json(), seconds)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PolicyUnavailable(
                f"{self._where} gave an answer of another form ({type(error).__name__}: {error}): "
                f"{response.text[:200]!r}"
            ) from error

    @property
    def _where(self) -> str:
        return f"the policy {self._named.spelling} at {self._named.url}{self.path}"


class OllamaSource(EndpointSource):
    """Ollama's own API, `POST /api/chat`."""

    path = "/api/chat"

    def body(self, task: Task, context: int) -> dict[str, Any]:
        """Every value is set, since a model's file may hold others; the context too, which would be cut."""
        return {
            "model": self._named.name,
            "messages": task.question.messages,
            "stream": False,
            "options": {
                "temperature": self._sampling.temperature,
                "top_p": self._sampling.top_p,
                "top_k": 0,
                "repeat_penalty": 1.0,
                "num_predict": self._sampling.max_tokens,
                "num_ctx": context,
                "seed": task.seed,
            },
        }

    def read(self, task: Task, reply: Any, seconds: float) -> Answer:
        """`message.content`, with `message.thinking` in front where the model thinks."""
        message = reply["message"]
        return answer_to(
            task,
            _whole(message["content"], message.get("thinking")),
            cut_off=reply.get("done_reason") == "length",
            tokens=reply.get("eval_count"),
            seconds=seconds,
        )


class OpenAiSource(EndpointSource):
    """OpenAI's chat completions, `POST …/v1/chat/completions`; vLLM, llama.cpp and others speak it too."""

    path = "/chat/completions"

    def body(self, task: Task, context: int) -> dict[str, Any]:  # noqa: ARG002  (the endpoint has its own)
        """The fields that every endpoint of this kind knows."""
        return {
            "model": self._named.name,
            "messages": task.question.messages,
            "stream": False,
            "temperature": self._sampling.temperature,
            "top_p": self._sampling.top_p,
            "max_tokens": self._sampling.max_tokens,
            "seed": task.seed,
        }

    def read(self, task: Task, reply: Any, seconds: float) -> Answer:
        """`content` of the first choice, with the reasoning in front that some endpoints part from it."""
        choice = reply["choices"][0]
        message = choice["message"]
        return answer_to(
            task,
            _whole(message["content"], message.get("reasoning_content") or message.get("reasoning")),
            cut_off=choice.get("finish_reason") == "length",
            tokens=(reply.get("usage") or {}).get("completion_tokens"),
            seconds=seconds,
        )


def _whole(content: Any, reasoning: Any) -> str:
    """The completion as the policy wrote it: an endpoint that parted the reasoning gets it back in its tags.

    Reasoning without an answer stays open: the policy ran out of tokens while it thought.
    """
    if content is not None and not isinstance(content, str):
        raise TypeError(f"content is {type(content).__name__}, not text")
    answer: str = content or ""
    if not isinstance(reasoning, str) or not reasoning.strip():
        return answer
    if not answer.strip():
        return f"{OPEN}\n{reasoning}"
    return f"{OPEN}\n{reasoning.strip()}\n{CLOSE}\n\n{answer}"


def _context(tasks: Sequence[Task], sampling: Sampling) -> int:
    """Tokens for the longest prompt and its answer: one for two characters is ample, rounded up to 1,024.

    The same for all tasks, since Ollama loads a model anew where it changes.
    """
    longest = max(sum(len(each["content"]) + 32 for each in task.question.messages) for task in tasks)
    return 1024 * math.ceil((longest / 2 + sampling.max_tokens) / 1024)


def _said(response: httpx.Response) -> str:
    """The endpoint's own words: both kinds put them into `error`."""
    try:
        error = response.json()["error"]
        said = error["message"] if isinstance(error, dict) else error
    except (ValueError, LookupError, TypeError):
        said = response.text
    return str(said).strip()[:300]
