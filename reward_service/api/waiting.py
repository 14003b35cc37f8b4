"""Work that is done while the caller waits for it, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from fastapi import Request

from reward_service.errors import DeadlinePassed

Result = TypeVar("Result")
GRACE_S = 2.0
"""The engine keeps the deadline itself; this much later the route gives up on it."""


class CallerGone(Exception):
    """The caller closed the connection before the answer."""


async def in_time(work: Coroutine[None, None, Result], request: Request, deadline_s: float) -> Result:
    """Do the work while the caller waits for it and the deadline, with some grace, has not passed.

    Raises:
        CallerGone: the caller left; the work was cancelled.
        DeadlinePassed: the work kept no deadline; it was cancelled.
    """
    try:
        return await unless_gone(work, request, timeout_s=deadline_s + GRACE_S)
    except TimeoutError:
        raise DeadlinePassed(f"no answer within {deadline_s:g} s") from None


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
