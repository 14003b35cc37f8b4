"""A caller that leaves takes its work with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Message, Scope

from reward_service.app import create_app
from reward_service.settings import Settings
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.api.serving import ITEM

pytestmark = pytest.mark.anyio

BODY = json.dumps({"items": [ITEM]}).encode()
SCOPE: Scope = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/score",
    "raw_path": b"/score",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
}


async def talk(
    scorer: FakeScorer, messages: Sequence[Message], leave: asyncio.Event
) -> tuple[list[Message], Any]:
    """Send a request, and a disconnect when `leave` is set; returns what was sent back, and the app."""
    app = create_app(Settings(), scorer)
    await scorer.start()
    sent: list[Message] = []
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(dict(SCOPE), receive, send)
    return sent, app


async def test_the_work_is_cancelled_and_counted_as_gone() -> None:
    scorer = FakeScorer(gate=asyncio.Event())
    leave = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, leave.set)
    before = len(asyncio.all_tasks())
    async with asyncio.timeout(5):
        _, app = await talk(scorer, [{"type": "http.request", "body": BODY}], leave)
    assert scorer.cancelled
    assert len(asyncio.all_tasks()) == before
    counted = app.state.context.metrics.registry.get_sample_value(
        "touchstone_requests_total", {"route": "/score", "status": "499"}
    )
    assert counted == 1


async def test_a_caller_that_leaves_within_the_body_reaches_no_route() -> None:
    scorer = FakeScorer()
    leave = asyncio.Event()
    leave.set()
    first = {"type": "http.request", "body": BODY[:10], "more_body": True}
    async with asyncio.timeout(5):
        sent, _ = await talk(scorer, [first], leave)
    assert sent == []
    assert scorer.asked == []


async def test_a_body_in_pieces_is_one_body() -> None:
    scorer = FakeScorer()
    pieces = [
        {"type": "http.request", "body": BODY[index : index + 7], "more_body": index + 7 < len(BODY)}
        for index in range(0, len(BODY), 7)
    ]
    async with asyncio.timeout(5):
        sent, _ = await talk(scorer, pieces, asyncio.Event())
    assert sent[0]["status"] == 200
    assert scorer.asked[0][0][0].question == ITEM["prompt"]
