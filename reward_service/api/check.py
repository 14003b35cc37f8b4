"""`POST /check` and `GET /policies`: live verdicts."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from reward_service.api import convert
from reward_service.api.context import Context, InContext
from reward_service.api.failures import DOCUMENTED, AsciiJson
from reward_service.api.metrics import GONE
from reward_service.api.waiting import CallerGone, in_time
from reward_service.checks.policy import Policy
from reward_service.checks.verdict import judge
from reward_service.errors import RecordsUnavailable
from reward_service.types import BatchResult, Sample
from shared.schema import (
    CheckRequest,
    CheckResponse,
    Detail,
    Lane,
    Limits,
    PolicyList,
    ScoreItem,
    Usage,
)

logger = logging.getLogger(__name__)
router = APIRouter(tags=["check"])

KEEP_AT_LEAST_S = 0.5
"""Seconds that keeping a check may take where scoring has used up its deadline."""


@router.get("/policies", responses={401: DOCUMENTED[401]}, summary="The policies of live checks")
async def policies(context: InContext) -> PolicyList:
    """Each policy with all codes: their units, and from which measure on they mean `review` or `fail`."""
    return PolicyList(policies=context.checker.infos())


@router.post(
    "/check",
    response_model=CheckResponse,
    responses={status: DOCUMENTED[status] for status in (401, 413, 422, 500, 503)},
    summary="Check one answer of a chatbot",
)
async def check(body: CheckRequest, request: Request, context: InContext) -> Response:
    """Say whether an answer may be shown, should be looked at, or fails, and why.

    It stands first in line (the live lane).  A score that could not be given is null, with its reason under
    `unscorable`; it is never taken for a fault.
    """
    began = time.monotonic()
    policy = context.checker.policy(body.policy)
    sample = _sample(body, context.settings.limits)
    deadline_s = body.deadline_s or context.settings.default_deadline_s[Lane.LIVE]
    rewards = context.checker.rewards(policy)
    work = context.engine.score(
        [sample], rewards, lane=Lane.LIVE, deadline_s=deadline_s, detail=Detail.EVIDENCE
    )
    try:
        result = await in_time(work, request, deadline_s)
    except CallerGone:
        return Response(status_code=GONE)  # nobody reads it; the metrics count it
    context.metrics.observe_batch(result, rewards, Lane.LIVE)
    answer = _answer(result, policy, rewards, context)
    left_s = deadline_s - (time.monotonic() - began)
    identity = await _keep(body, answer, context, timeout_s=max(left_s, KEEP_AT_LEAST_S))
    answer = answer.model_copy(update={"record_id": identity})
    context.metrics.observe_check(answer, time.monotonic() - began)
    return AsciiJson(answer.model_dump())


def _sample(body: CheckRequest, limits: Limits) -> Sample:
    """The request as a sample.

    Raises:
        RequestError: a conversation lacks its question or its answer; names the field of this request.
        TextTooLong: a limit is passed.
    """
    item = ScoreItem(prompt=body.question, completion=body.answer, context=body.context)
    return convert.sample(item, "answer", limits, prompt="question", completion="answer")


def _answer(result: BatchResult, policy: Policy, rewards: tuple[str, ...], context: Context) -> CheckResponse:
    """What the policy makes of what is found in the scored answer; not kept yet."""
    [scored] = result.samples
    scores = {name: scored.scores[name] for name in rewards}
    found = context.checker.look(policy, scored.sample, scores)
    verdict, reasons = judge(
        (replace(finding, evidence=convert.plain(finding.evidence)) for finding in found), policy
    )
    return CheckResponse(
        verdict=verdict,
        reasons=reasons,
        scores={name: score.score for name, score in scores.items()},
        unscorable={name: score.reason for name, score in scores.items() if score.reason is not None},
        answer=scored.sample.completion.answer,
        policy=policy.name,
        fingerprint=context.engine.fingerprint,
        usage=Usage(
            nli_pairs=result.cost.nli_pairs, nli_tokens=result.cost.nli_tokens, cached=result.cost.cached
        ),
    )


async def _keep(body: CheckRequest, answer: CheckResponse, context: Context, timeout_s: float) -> str | None:
    """Keep the check where checks are kept.  A chat must not fall silent because a database does.

    Returns:
        Its id; None where it is not kept.
    """
    if context.records is None:
        return None
    try:
        async with asyncio.timeout(timeout_s):
            return await context.records.keep(body, answer)
    except TimeoutError:
        logger.error("a check was answered but may not be kept: the database took over %.1f s", timeout_s)
    except RecordsUnavailable as error:
        logger.error("a check was answered but not kept: %s", error.message)
    context.metrics.records_failed.inc()
    return None
