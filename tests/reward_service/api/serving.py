"""An app around a fake scorer, called in process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from reward_service.app import create_app
from reward_service.settings import Settings
from tests.reward_service.api.fake_scorer import FakeScorer

ITEM = {"prompt": "What is value?", "completion": "Congealed labour time.", "reference": "Labour time."}


@asynccontextmanager
async def serving(
    scorer: FakeScorer, *, wait: bool = True, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """The app with its lifespan, and a client of it.

    Args:
        scorer: scores.
        wait: until it is ready.
        settings: of the app.
    """
    app = create_app(Settings(**settings), scorer)
    async with app.router.lifespan_context(app):
        while wait and not scorer.ready:
            await asyncio.sleep(0)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error of an answer, whose shape is pinned here: these three keys and no other."""
    body = response.json()
    assert set(body) == {"error"}, body
    error = body["error"]
    assert set(error) == {"code", "message", "where"}, body
    assert isinstance(error["code"], str)
    assert isinstance(error["message"], str)
    assert len(error["message"]) > 5
    assert error["where"] is None or isinstance(error["where"], str)
    assert response.headers["content-type"] == "application/json"
    return dict(error)
