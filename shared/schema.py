"""The wire: requests, results and errors of the reward server, version 1.

Field terms follow the field: a prompt gets a completion, a completion is scored by rewards, often against a
reference.  Models of requests forbid unknown fields, so a misspelt field is an error, never ignored.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.check_schema import (
    CheckRequest,
    CheckResponse,
    Outcome,
    PolicyInfo,
    PolicyList,
    PolicyRule,
    Reason,
    Review,
    ReviewDecision,
    ReviewList,
    ReviewState,
)
from shared.schema_base import (
    DEFAULT_POLICY,
    DEFAULT_REWARD,
    MAX_PASSAGES,
    SCHEMA_VERSION,
    ChatMessage,
    Request,
    Response,
    Usage,
)

__all__ = [
    "DEFAULT_POLICY",
    "DEFAULT_REWARD",
    "MAX_PASSAGES",
    "SCHEMA_VERSION",
    "ChatMessage",
    "CheckRequest",
    "CheckResponse",
    "Detail",
    "ErrorDetail",
    "ErrorResponse",
    "Health",
    "ItemResult",
    "Lane",
    "Layer",
    "Limits",
    "ModelInfo",
    "Outcome",
    "PolicyInfo",
    "PolicyList",
    "PolicyRule",
    "Reason",
    "Review",
    "ReviewDecision",
    "ReviewList",
    "ReviewState",
    "RewardInfo",
    "RewardList",
    "ScoreItem",
    "ScoreRequest",
    "ScoreResponse",
    "ServerInfo",
    "Usage",
]


class Detail(StrEnum):
    """How much an answer to `/score` says about each score."""

    SCORES = "scores"
    LAYERS = "layers"
    """Every part of every reward too."""
    EVIDENCE = "evidence"
    """Layers, and what a person needs to believe them."""


class Lane(StrEnum):
    """Who waits."""

    TRAINING = "training"
    """It wants throughput."""
    EVALUATION = "evaluation"
    """It has time."""
    LIVE = "live"
    """First in line, with a short deadline."""


class ScoreItem(Request):
    """One completion to be scored."""

    id: str | None = Field(default=None, max_length=200)
    """Comes back with the result; the item's index in the request where it is missing."""
    prompt: str | list[ChatMessage]
    """The question.  Of chat messages, the last one of the user is the question."""
    completion: str | list[ChatMessage]
    """What the policy wrote.  Of chat messages, the assistant's are joined."""
    reference: str | None = None
    """A curated answer.  Rewards that compare with it are unscorable where it is missing."""
    context: list[str] | None = Field(default=None, max_length=MAX_PASSAGES)
    """Passages that the answer was to rest on, as a retriever found them.  Rewards that compare with them are
    unscorable where there are none.  All together may have four times as many characters as one text."""


class ScoreRequest(Request):
    """`POST /score`."""

    items: list[ScoreItem]
    """Any number up to `max_items` of `GET /info`; none is allowed and gives no results."""
    rewards: list[str] = Field(default_factory=lambda: [DEFAULT_REWARD], min_length=1)
    """Names from `GET /rewards`."""
    detail: Detail = Detail.SCORES
    lane: Lane = Lane.TRAINING
    deadline_s: float | None = Field(default=None, gt=0, le=3600)
    """Seconds that the caller will wait; the lane's default where it is missing."""


class Layer(Response):
    """One reward of one item, with what led to it."""

    score: float | None
    """Within the reward's range; None where it could not be scored."""
    value: float | None = None
    """The continuous quantity below the bands (a cosine, a share, a mean), for plots and tie-breaking."""
    reason: str | None = None
    """Why the score is None."""
    decided_by: str | None = None
    """Of a combined reward: the gate that decided, or `sum`."""
    parts: dict[str, float | None] | None = None
    """Of a combined reward: what each part adds to the sum (weight × score), or the part a gate read."""
    evidence: dict[str, Any] | None = None
    """With `detail: evidence`: claims and the sentences that support them, matched terms with spans, …"""


class ItemResult(Response):
    """The scores of one item."""

    id: str
    """The item's own, or its index."""
    rewards: dict[str, float | None]
    """By the names that were asked for."""
    unscorable: dict[str, str] = Field(default_factory=dict)
    """Reward name → why its score is None.  An entry for every None in `rewards`, and no other."""
    layers: dict[str, Layer] | None = None
    """With `detail: layers` or `evidence`: each asked reward and every part of it, by name."""
    answer: str | None = None
    """With `detail: evidence`: the answer as it was read, without reasoning, Markdown and invisible
    characters.  Every `start` and `end` in the evidence that speaks of the answer is an offset into it."""
    reasoning: str | None = None
    """With `detail: evidence`: what stood between the reasoning tags; no reward of content reads it."""


class ScoreResponse(Response):
    """The answer to `/score`: results in the order of the items."""

    results: list[ItemResult]
    fingerprint: str
    """Hashes all that decides a score.  Two scores compare only under one fingerprint."""
    schema_version: str = SCHEMA_VERSION
    """Of this wire."""
    usage: Usage = Usage()


class ErrorDetail(Response):
    """What went wrong."""

    code: str
    """A stable word for programs: `invalid_request`, `unauthorized`, `too_large`, `overloaded`, …"""
    message: str
    """A sentence for people."""
    where: str | None = None
    """The path of the bad field, such as `items.3.completion`."""


class ErrorResponse(Response):
    """The one shape of every error."""

    error: ErrorDetail


class RewardInfo(Response):
    """One entry of `GET /rewards`."""

    name: str
    low: float
    """The least score."""
    high: float
    """The greatest."""
    kind: Literal["function", "recipe"]
    """A recipe combines functions and other recipes."""
    needs: list[str]
    """What it reads: `reference`, `question`, …"""
    doc: str
    """What it measures, formula and source."""
    deprecated: str | None = None
    """Why it should not be used any more."""
    recipe: dict[str, Any] | None = None
    """Parts, weights and gates of a recipe, as its YAML has them."""


class RewardList(Response):
    """`GET /rewards`."""

    rewards: list[RewardInfo]


class ModelInfo(Response):
    """A resident model, as `GET /info` reports it."""

    role: Literal["nli", "embedder", "annotator"]
    name: str
    revision: str
    dtype: str
    """Number format of its weights."""
    device: str
    calibrated: str | None = None
    """On what the thresholds were chosen; None where they are defaults."""
    tokens_per_s: dict[str, float] | None = None
    """Number format → tokens a second, where the format was chosen at start by measuring; else None."""


class Limits(Response):
    """What one request may hold."""

    max_items: int
    """Items."""
    max_text_chars: int
    """Characters of one text."""
    max_body_bytes: int
    """Bytes of the body."""


class ServerInfo(Response):
    """`GET /info`."""

    version: str
    schema_version: str = SCHEMA_VERSION
    pack: str
    """Which models are resident: `embedded` or `full`."""
    fingerprint: str
    """As every score has it."""
    models: list[ModelInfo]
    limits: Limits
    default_deadline_s: dict[Lane, float]
    """Lane → seconds that a request waits where it names no deadline."""


class Health(Response):
    """`GET /health/live` and `GET /health/ready`."""

    status: Literal["ok", "loading", "failed"]
    workers: dict[str, str] = Field(default_factory=dict)
    """Worker → `ok` or what is wrong with it."""
