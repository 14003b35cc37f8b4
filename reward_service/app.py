"""The web application: routes, lifespan, error mapping.  No scoring."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer

from reward_service import __version__
from reward_service.api import catalogue, check, failures, health, page, reviews, score
from reward_service.api.context import Context, Scorer
from reward_service.api.guard import Guard
from reward_service.api.metrics import Observe
from reward_service.checks.checker import build_checker
from reward_service.records import Records
from reward_service.settings import Settings

logger = logging.getLogger(__name__)

Started = Callable[[Exception | None], None]
"""Told how the start went: None when the models have answered their warm-up, else what went wrong."""

KEY = HTTPBearer(auto_error=False, description="One of the server's `REWARD_API_KEYS`, where it has any")
"""For the OpenAPI document; `Guard` is what checks, before the body is read."""


def create_app(settings: Settings, engine: Scorer, *, on_started: Started | None = None) -> FastAPI:
    """The application around an engine that is not started yet; its lifespan starts and closes it.

    Args:
        settings: limits, keys, deadlines.
        engine: what scores.
        on_started: is told when the engine has started or failed to.

    Raises:
        ConfigurationError: a policy is wrong, or checks can't be kept as the settings say.
    """
    checker = build_checker([settings.policies_dir] if settings.policies_dir is not None else [])
    records = Records(settings) if settings.record_checks else None
    context = Context(engine, settings, checker, records)
    app = _routes()
    app.state.context = context
    app.router.lifespan_context = _lifespan(context, on_started)
    app.add_middleware(Guard, keys=settings.api_keys, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(Observe, metrics=context.metrics)
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document; it depends on no setting, so docs/openapi.json is true of every server."""
    return _routes().openapi()


def _routes() -> FastAPI:
    # No pages at /docs and /redoc: they load scripts from a foreign host.
    app = FastAPI(
        title="Touchstone",
        version=__version__,
        summary="Scores open-ended prose",
        docs_url=None,
        redoc_url=None,
    )
    keyed = [Security(KEY)]
    app.include_router(score.router, dependencies=keyed)
    app.include_router(check.router, dependencies=keyed)
    app.include_router(reviews.router, dependencies=keyed)
    app.include_router(catalogue.router, dependencies=keyed)
    app.include_router(health.router, dependencies=keyed)
    app.include_router(health.probes)
    app.include_router(page.router)
    failures.install(app)
    return app


def _lifespan(context: Context, on_started: Started | None) -> Callable[[FastAPI], Any]:
    """The engine starts in the background, so that /health/live answers while models load."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        starting = asyncio.create_task(_start(context, on_started))
        try:
            yield
        finally:
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            await context.engine.close()
            if context.records is not None:
                await context.records.close()

    return lifespan


async def _start(context: Context, on_started: Started | None) -> None:
    failure: Exception | None = None
    try:
        if context.records is not None:
            await context.records.start()
        await context.engine.start()
    except Exception as error:
        failure = error
        context.failure = str(error)
        logger.error("the engine could not be started: %s", error)
    if on_started is not None:
        on_started(failure)
