"""The wire: requests, results and errors of the reward server, version 1.

Field terms follow the field: a prompt gets a completion, a completion is scored by rewards, often against a
reference.  Models of requests forbid unknown fields, so a misspelt field is an error, never ignored.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1"
DEFAULT_REWARD = "full_coherence_reward"
DEFAULT_POLICY = "default"
MAX_PASSAGES = 64
"""Passages of one item."""


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


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class _Response(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ChatMessage(_Request):
    """One message of a conversation, as chat templates have it."""

    role: Literal["system", "user", "assistant", "tool", "developer"]
    content: str
    """Its text."""


class ScoreItem(_Request):
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


class ScoreRequest(_Request):
    """`POST /score`."""

    items: list[ScoreItem]
    """Any number up to `max_items` of `GET /info`; none is allowed and gives no results."""
    rewards: list[str] = Field(default_factory=lambda: [DEFAULT_REWARD], min_length=1)
    """Names from `GET /rewards`."""
    detail: Detail = Detail.SCORES
    lane: Lane = Lane.TRAINING
    deadline_s: float | None = Field(default=None, gt=0, le=3600)
    """Seconds that the caller will wait; the lane's default where it is missing."""


class Layer(_Response):
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


class ItemResult(_Response):
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


class Usage(_Response):
    """What a request cost."""

    nli_pairs: int = 0
    """Pairs that the NLI model judged."""
    nli_tokens: int = 0
    """Tokens that it read."""
    cached: int = 0
    """Annotations, vectors, verdicts and whole samples that came from a cache or were shared within the
    request."""


class ScoreResponse(_Response):
    """The answer to `/score`: results in the order of the items."""

    results: list[ItemResult]
    fingerprint: str
    """Hashes all that decides a score.  Two scores compare only under one fingerprint."""
    schema_version: str = SCHEMA_VERSION
    """Of this wire."""
    usage: Usage = Usage()


class Outcome(StrEnum):
    """What a live check says of an answer."""

    PASS = "pass"
    REVIEW = "review"
    """A person should look at it."""
    FAIL = "fail"


class CheckRequest(_Request):
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


class Reason(_Response):
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


class CheckResponse(_Response):
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


class PolicyRule(_Response):
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


class PolicyInfo(_Response):
    """One entry of `GET /policies`."""

    name: str
    doc: str
    rules: list[PolicyRule]


class PolicyList(_Response):
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


class Review(_Response):
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


class ReviewList(_Response):
    """`GET /reviews`: the newest first."""

    reviews: list[Review]
    total: int
    """How many there are under this filter, on all pages."""
    next: str | None = None
    """The cursor of the next page; None on the last one."""


class ReviewDecision(_Request):
    """`POST /reviews/{id}`."""

    state: Literal[ReviewState.ACCEPTED, ReviewState.REJECTED, ReviewState.OPEN]
    """`open` takes a decision back."""
    note: str | None = Field(default=None, max_length=4000)


class ErrorDetail(_Response):
    """What went wrong."""

    code: str
    """A stable word for programs: `invalid_request`, `unauthorized`, `too_large`, `overloaded`, …"""
    message: str
    """A sentence for people."""
    where: str | None = None
    """The path of the bad field, such as `items.3.completion`."""


class ErrorResponse(_Response):
    """The one shape of every error."""

    error: ErrorDetail


class RewardInfo(_Response):
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


class RewardList(_Response):
    """`GET /rewards`."""

    rewards: list[RewardInfo]


class ModelInfo(_Response):
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


class Limits(_Response):
    """What one request may hold."""

    max_items: int
    """Items."""
    max_text_chars: int
    """Characters of one text."""
    max_body_bytes: int
    """Bytes of the body."""


class ServerInfo(_Response):
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


class Health(_Response):
    """`GET /health/live` and `GET /health/ready`."""

    status: Literal["ok", "loading", "failed"]
    workers: dict[str, str] = Field(default_factory=dict)
    """Worker → `ok` or what is wrong with it."""
