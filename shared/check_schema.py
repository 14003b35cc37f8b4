"""The wire of live checks, their policies and their reviews; imported from `schema.py`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.schema_base import (
    DEFAULT_POLICY,
    MAX_PASSAGES,
    SCHEMA_VERSION,
    ChatMessage,
    Request,
    Response,
    Usage,
)


class Outcome(StrEnum):
    """What a live check says of an answer."""

    PASS = "pass"
    REVIEW = "review"
    """A person should look at it."""
    FAIL = "fail"


class CheckRequest(Request):
    """`POST /check`: one answer of a chatbot, before a person sees it."""

    question: str | list[ChatMessage]
    """Of chat messages, the last one of the user is the question."""
    answer: str | list[ChatMessage]
    """Of chat messages, the assistant's are joined."""
    context: list[str] | None = Field(default=None, max_length=MAX_PASSAGES)
    """The passages that the answer was to rest on.  With any, each of its claims is looked up in them."""
    policy: str = DEFAULT_POLICY
    """A name from `GET /policies`."""
    deadline_s: float | None = Field(default=None, gt=0, le=3600)
    """Seconds that the caller will wait; the live lane's default where it is missing."""


class Reason(Response):
    """One thing that is wrong with an answer."""

    code: str
    """A stable word for programs, as `GET /policies` lists them: `loop`, `off_topic`, `contradicted`, …"""
    outcome: Outcome
    """What the policy makes of it: `review` or `fail`."""
    message: str
    """A sentence for people."""
    span: tuple[int, int] | None = None
    """Where in `CheckResponse.answer`: characters [start, end); None where it concerns all of it."""
    measure: float
    """How much of it there is; see the code's unit in `GET /policies`."""
    evidence: dict[str, Any] = Field(default_factory=dict)
    """What led to it, for a person to judge."""


class CheckResponse(Response):
    """The answer to `/check`."""

    verdict: Outcome
    """The worst outcome of the reasons; `pass` where there is none."""
    reasons: list[Reason]
    """The worst first."""
    scores: dict[str, float | None]
    """The rewards that were looked at."""
    unscorable: dict[str, str] = Field(default_factory=dict)
    """Reward name → why its score is None.  An entry for every None in `scores`, and no other."""
    answer: str
    """The answer as it was read, without reasoning, Markdown and invisible characters; spans refer to it."""
    policy: str
    """Under which it was judged."""
    record_id: str | None = None
    """Under which the check is kept; None where checks are not kept, or where keeping it failed."""
    fingerprint: str
    """Hashes all that decides a score."""
    schema_version: str = SCHEMA_VERSION
    usage: Usage = Usage()


class PolicyRule(Response):
    """From which measure on something makes an answer one to review, or to fail."""

    code: str
    """As `reasons[].code` of a check has it."""
    review: float | None
    """From this measure on it is one to review; None: never."""
    fail: float | None
    """From this measure on it fails; None: never."""
    unit: str
    """What the measure counts, such as `share of the answer's words`."""
    doc: str


class PolicyInfo(Response):
    """One entry of `GET /policies`."""

    name: str
    doc: str
    rules: list[PolicyRule]


class PolicyList(Response):
    """`GET /policies`."""

    policies: list[PolicyInfo]


class ReviewState(StrEnum):
    """What became of a check that is kept."""

    OPEN = "open"
    """Nobody has looked at it."""
    ACCEPTED = "accepted"
    """A person finds the answer good."""
    REJECTED = "rejected"
    """A person finds it bad."""


class Review(Response):
    """A check that is kept."""

    id: str
    created_at: datetime
    """UTC."""
    verdict: Outcome
    policy: str
    question: str | None
    """None where only hashes of the texts are kept."""
    answer: str | None
    context: list[str] | None
    question_hash: str | None
    """Where only hashes are kept: equal texts have equal ones."""
    answer_hash: str | None
    reasons: list[Reason]
    """Without evidence, spans and quotations where only hashes are kept."""
    scores: dict[str, float | None]
    fingerprint: str
    state: ReviewState
    note: str | None = None
    decided_at: datetime | None = None


class ReviewList(Response):
    """`GET /reviews`: the newest first."""

    reviews: list[Review]
    total: int
    """How many there are under this filter, on all pages."""
    next: str | None = None
    """The cursor of the next page; None on the last one."""


class ReviewDecision(Request):
    """`POST /reviews/{id}`."""

    state: Literal[ReviewState.ACCEPTED, ReviewState.REJECTED, ReviewState.OPEN]
    """`open` takes a decision back."""
    note: str | None = Field(default=None, max_length=4000)
