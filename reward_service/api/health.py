"""`GET /health/live`, `GET /health/ready` and `GET /metrics`: for orchestrators and dashboards."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from reward_service.api.context import Context, InContext
from reward_service.api.failures import DOCUMENTED
from shared.schema import Health

probes = APIRouter(tags=["health"])
"""Open to everybody."""
router = APIRouter(tags=["health"])
"""Behind the key, where there is one."""


@probes.get("/health/live", summary="Is the process alive?")
async def live(context: InContext) -> Health:
    """Always 200 while the process answers, while models load too; `status` says how far it is."""
    return _health(context)


@probes.get("/health/ready", responses={503: DOCUMENTED[503]}, summary="Can requests be scored?")
async def ready(context: InContext) -> Health:
    """200 once the models have answered a warm-up; 503 before, and again when a worker is dead."""
    context.require_ready()
    return _health(context)


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        401: DOCUMENTED[401],
    },
    summary="Metrics for Prometheus",
)
async def metrics(context: InContext) -> Response:
    """Requests, latencies, items, null scores, NLI work and cache hits."""
    engine = context.engine
    context.metrics.observe_workers(engine.ready, engine.workers(), engine.waits(), engine.stats())
    return Response(generate_latest(context.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _health(context: Context) -> Health:
    workers = context.engine.workers()
    if context.engine.ready:
        return Health(status="ok", workers=workers)
    broken = context.failure is not None or any(state not in {"ok", "loading"} for state in workers.values())
    return Health(status="failed" if broken else "loading", workers=workers)
