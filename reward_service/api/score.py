"""`POST /score`: a batch of completions in, their scores out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from reward_service.api import convert
from reward_service.api.context import InContext
from reward_service.api.failures import DOCUMENTED, AsciiJson
from reward_service.api.metrics import GONE
from reward_service.errors import DeadlinePassed
from shared.schema import ScoreRequest, ScoreResponse

router = APIRouter(tags=["score"])

Result = TypeVar("Result")
GRACE_S = 2.0
"""The engine keeps the deadline itself; this much later the route gives up on it."""


class CallerGone(Exception):
    """The caller closed the connection before the answer."""


@router.post(
    "/score",
    response_model=ScoreResponse,
    responses={status: DOCUMENTED[status] for status in (401, 413, 422, 500, 503)},
    summary="Score a batch of completions",
)
async def score(body: ScoreRequest, request: Request, context: InContext) -> Response:
    """Score every item under every named reward, or refuse the request as a whole and name the bad field."""
    settings, engine = context.settings, context.engine
    samples = convert.samples(body.items, settings.limits)
    deadline_s = body.deadline_s or settings.default_deadline_s[body.lane]
    work = engine.score(samples, body.rewards, lane=body.lane, deadline_s=deadline_s, detail=body.detail)
    try:
        result = await unless_gone(work, request, timeout_s=deadline_s + GRACE_S)
    except CallerGone:
        return Response(status_code=GONE)  # nobody reads it; the metrics count it
    except TimeoutError:
        raise DeadlinePassed(f"no answer within {deadline_s:g} s") from None
    context.metrics.observe_batch(result, body.rewards, body.lane)
    answer = convert.response(result, body.rewards, body.detail, engine.fingerprint)
    return AsciiJson(answer.model_dump())


async def unless_gone(work: Coroutine[None, None, Result], request: Request, *, timeout_s: float) -> Result:
    """Do the work while the caller waits for it.

    Raises:
        CallerGone: the caller left; the work was cancelled.
        TimeoutError: the time is over; the work was cancelled.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(request))
    try:
        done, _ = await asyncio.wait(
            {working, leaving}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        if working in done:
            return working.result()
        raise CallerGone if leaving in done else TimeoutError
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnect(request: Request) -> None:
    """Return when the caller closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
