"""`GET /rewards` and `GET /info`: what can be asked for, and what answers."""

from __future__ import annotations

from fastapi import APIRouter

from reward_service import __version__
from reward_service.api.context import InContext
from reward_service.api.failures import DOCUMENTED
from shared.schema import RewardList, ServerInfo

router = APIRouter(tags=["catalogue"])


@router.get("/rewards", responses={401: DOCUMENTED[401]}, summary="The rewards that can be asked for")
async def rewards(context: InContext) -> RewardList:
    """Names, ranges, what each reads, its documentation and, of combined rewards, the recipe."""
    return RewardList(rewards=context.engine.catalogue.infos())


@router.get(
    "/info",
    responses={status: DOCUMENTED[status] for status in (401, 503)},
    summary="Models, fingerprint and limits",
)
async def info(context: InContext) -> ServerInfo:
    """What answers here; 503 until the models are loaded."""
    context.require_ready()
    engine, settings = context.engine, context.settings
    return ServerInfo(
        version=__version__,
        pack=engine.pack_name,
        fingerprint=engine.fingerprint,
        models=list(engine.models),
        limits=settings.limits,
        default_deadline_s=settings.default_deadline_s,
    )
