"""`/reviews`: kept checks, and what people decide about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from reward_service.api.context import Context, InContext
from reward_service.api.failures import DOCUMENTED, AsciiJson
from reward_service.errors import NotFound, RecordsUnavailable
from reward_service.records import Records, Wanted
from reward_service.records.wanted import utc
from shared.schema import ErrorResponse, Outcome, Review, ReviewDecision, ReviewList, ReviewState

router = APIRouter(tags=["reviews"])

ALL = "all"
NEEDS_A_PERSON = frozenset({Outcome.REVIEW, Outcome.FAIL})

UNAVAILABLE: dict[str, Any] = {
    "model": ErrorResponse,
    "description": "`records_unavailable`: this server keeps no checks, or their database is away",
}
MISSING: dict[str, Any] = {"model": ErrorResponse, "description": "No kept check has this id"}
FAILURES: dict[int | str, dict[str, Any]] = {
    **{status: DOCUMENTED[status] for status in (401, 422, 500)},
    503: UNAVAILABLE,
}


def _in_utc(moment: datetime) -> datetime:
    try:
        return utc(moment)
    except OverflowError:
        raise ValueError("lies before the year 1 or after the year 9999") from None


def _no_number(value: object) -> object:
    """A bare number would be taken for seconds since 1970, and few who write one mean that."""
    if isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdecimal():
        raise ValueError("must be a date or a moment, such as 2026-11-29T12:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]


class ReviewQuery(BaseModel):
    """Which kept checks are listed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    verdict: Literal[Outcome.PASS, Outcome.REVIEW, Outcome.FAIL, "all"] | None = None
    """Without it: `review` and `fail`."""
    state: Literal[ReviewState.OPEN, ReviewState.ACCEPTED, ReviewState.REJECTED, "all"] = ReviewState.OPEN
    """What people made of it."""
    policy: str | None = Field(default=None, max_length=200)
    """The policy that the check was judged by."""
    code: str | None = Field(default=None, max_length=200)
    """A code that is among the check's reasons."""
    since: Moment | None = None
    """Kept at this moment or later, as ISO 8601 has it; UTC where it has no time zone."""
    until: Moment | None = None
    """Kept before this moment."""
    contains: str | None = Field(default=None, max_length=200)
    """Words that stand in the question or the answer: all of them, in whatever order and case; parts of words
    do.  Where only hashes are kept, nothing is found."""
    limit: int = Field(default=50, ge=1, le=200)
    """Checks of one page."""
    cursor: str | None = Field(default=None, max_length=500)
    """`next` of the page before, under the same filter."""


@router.get("/reviews", response_model=ReviewList, responses=FAILURES, summary="Kept checks")
async def reviews(query: Annotated[ReviewQuery, Query()], context: InContext) -> Response:
    """The newest first.  Without any filter: the checks that need a person, which are those with the verdict
    `review` or `fail` that nobody has decided about.  `state=all` and `verdict=all` list the others as well.

    A page is cut at a check, so checks that are kept while somebody turns pages neither repeat nor hide
    others.
    """
    if query.verdict is None:
        verdicts: frozenset[Outcome] | None = NEEDS_A_PERSON
    else:
        verdicts = None if query.verdict == ALL else frozenset({Outcome(query.verdict)})
    wanted = Wanted(
        verdicts=verdicts,
        state=None if query.state == ALL else ReviewState(query.state),
        policy=query.policy,
        code=query.code,
        since=query.since,
        until=query.until,
        contains=query.contains,
    )
    found = await _records(context).find(wanted, limit=query.limit, cursor=query.cursor)
    return AsciiJson(found.model_dump(mode="json"))


@router.get(
    "/reviews/{id}",
    response_model=Review,
    responses={**FAILURES, NotFound.status: MISSING},
    summary="One kept check",
)
async def review(id: str, context: InContext) -> Response:
    """A check with its texts, where they are kept, its reasons with their evidence, and its scores."""
    return AsciiJson((await _records(context).get(id)).model_dump(mode="json"))


@router.post(
    "/reviews/{id}",
    response_model=Review,
    responses={**FAILURES, NotFound.status: MISSING, 413: DOCUMENTED[413]},
    summary="Decide about a kept check",
)
async def decide(id: str, body: ReviewDecision, context: InContext) -> Response:
    """Note what a person decided, and why.  It takes the place of an earlier decision with its note; `open`
    takes a decision back; the same decision again changes nothing.  Returns the check as it is then kept.
    """
    return AsciiJson((await _records(context).decide(id, body)).model_dump(mode="json"))


def _records(context: Context) -> Records:
    if context.records is None:
        raise RecordsUnavailable(
            "this server keeps no checks; start it with REWARD_RECORD_CHECKS=true", retry_after_s=None
        )
    return context.records
