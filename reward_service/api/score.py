"""`POST /score`: a batch of completions in, their scores out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from reward_service.api import convert
from reward_service.api.context import InContext
from reward_service.api.failures import DOCUMENTED, AsciiJson
from reward_service.api.metrics import GONE
from reward_service.api.waiting import CallerGone, in_time
from shared.schema import ScoreRequest, ScoreResponse

router = APIRouter(tags=["score"])


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
        result = await in_time(work, request, deadline_s)
    except CallerGone:
        return Response(status_code=GONE)  # nobody reads it; the metrics count it
    context.metrics.observe_batch(result, body.rewards, body.lane)
    answer = convert.response(result, body.rewards, body.detail, engine.fingerprint)
    return AsciiJson(answer.model_dump())
