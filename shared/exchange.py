"""What a client says to the reward server and how it reads the answers; no I/O (see `retry.Flow`).

An answer is used whole or not at all: whatever is missing, out of order, not finite or of another version is
a `RewardProtocolError`, never a number made up in its place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.client_errors import RewardProtocolError, RewardRejected, RewardServerError
from shared.retry import TRY_AGAIN, Chance, Flow, Lost, Reply, RetryPolicy, Send, persist
from shared.schema import (
    SCHEMA_VERSION,
    Detail,
    ErrorDetail,
    ErrorResponse,
    ItemResult,
    Limits,
    RewardInfo,
    RewardList,
    ScoreItem,
    ScoreRequest,
    ScoreResponse,
    ServerInfo,
    Usage,
)

SURELY_ITEMS = 64
SURELY_BYTES = 1 << 20
"""A request up to these sizes is sent without asking for the server's limits first."""
TOO_MUCH = frozenset({"too_large", "too_many_items"})
GRACE_S = 5.0
"""Seconds beyond the server's own deadline, so that its answer to a missed one still arrives."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a client talks to, and how long it bears with silence."""

    url: str
    policy: RetryPolicy
    chance: Chance
    read_timeout_s: float
    """Seconds for an answer that needs no scoring."""


def score(peer: Peer, request: ScoreRequest, deadline_s: float) -> Flow[ScoreResponse]:
    """Score items, in one request or, where the server's limits demand it, in several.

    Args:
        peer: the server.
        request: the items and what is wanted; `deadline_s` is filled in.
        deadline_s: seconds that the server has for each request.

    Returns:
        Results in the order of the items, ids as they were given (their index where they had none).

    Raises:
        RewardRejected, RewardServerError, RewardUnavailable, RewardProtocolError: see `client_errors.py`.
    """
    items = [_with_id(item, index) for index, item in enumerate(request.items)]
    whole = request.model_copy(update={"items": items, "deadline_s": deadline_s})
    sizes = [len(as_json(item)) + 1 for item in items]
    envelope = len(as_json(whole.model_copy(update={"items": []})))
    if len(items) <= SURELY_ITEMS and envelope + sum(sizes) <= SURELY_BYTES:
        try:
            return (yield from _score_slices(peer, whole, [slice(0, len(items))]))
        except RewardRejected as error:
            if error.code not in TOO_MUCH or len(items) < 2:
                raise
    limits: Limits = (yield from info(peer)).limits
    return (yield from _score_slices(peer, whole, list(slices(sizes, envelope, limits))))


def slices(sizes: Sequence[int], envelope: int, limits: Limits) -> Iterator[slice]:
    """Cut a batch into as few consecutive slices as the limits allow.

    An item that is too large by itself gets its own slice: the server shall say so.

    Args:
        sizes: the bytes of each item in a body.
        envelope: the bytes of a body without items.
        limits: of the server.
    """
    start, held = 0, envelope
    for index, size in enumerate(sizes):
        full = index - start >= limits.max_items or held + size > limits.max_body_bytes
        if full and index > start:
            yield slice(start, index)
            start, held = index, envelope
        held += size
    yield slice(start, len(sizes))


def info(peer: Peer) -> Flow[ServerInfo]:
    """`GET /info`."""
    reply = yield from ask(peer, Send("GET", "/info", peer.read_timeout_s))
    return read(ServerInfo, reply, versioned=True)


def rewards(peer: Peer) -> Flow[list[RewardInfo]]:
    """`GET /rewards`."""
    reply = yield from ask(peer, Send("GET", "/rewards", peer.read_timeout_s))
    return read(RewardList, reply).rewards


def ready(peer: Peer) -> Flow[bool]:
    """`GET /health/ready`, once: False where the server is away or not ready yet."""
    outcome = yield Send("GET", "/health/ready", peer.read_timeout_s)
    if isinstance(outcome, Lost):
        return False
    if not isinstance(outcome, Reply):
        raise TypeError(f"a flow was resumed with {outcome!r} after Send")
    if outcome.status in TRY_AGAIN:
        return False
    raise_for_status(outcome)
    return True


def wait_ready(peer: Peer, timeout_s: float) -> Flow[None]:
    """`GET /health/ready` until it says yes.

    Raises:
        RewardUnavailable: it never did within `timeout_s`.
    """
    policy = RetryPolicy(patience_s=timeout_s, first_delay_s=0.1, longest_delay_s=2.0, heed_retry_after=False)
    send = Send("GET", "/health/ready", peer.read_timeout_s)
    reply = yield from persist(send, policy, peer.chance, peer.url)
    raise_for_status(reply)


# --- sending ----------------------------------------------------------------------------------------


def _score_slices(peer: Peer, whole: ScoreRequest, parts: Sequence[slice]) -> Flow[ScoreResponse]:
    answers = []
    for part in parts:
        request = whole.model_copy(update={"items": whole.items[part]})
        timeout_s = (request.deadline_s or 0.0) + GRACE_S
        try:
            reply = yield from ask(peer, Send("POST", "/score", timeout_s, as_json(request)))
        except RewardRejected as error:
            message, where = (_shifted(text, part.start) for text in (error.message, error.where))
            raise RewardRejected(error.status, error.code, message or "", where) from error
        answer = read(ScoreResponse, reply, versioned=True)
        _check(answer, request)
        answers.append(answer)
    return _joined(answers)


def ask(peer: Peer, send: Send) -> Flow[Reply]:
    """Send a request until it is answered with 200; raises as `score` does."""
    reply = yield from persist(send, peer.policy, peer.chance, peer.url)
    raise_for_status(reply)
    return reply


def _with_id(item: ScoreItem, index: int) -> ScoreItem:
    return item if item.id is not None else item.model_copy(update={"id": str(index)})


def as_json(value: BaseModel) -> bytes:
    """Pure ASCII, so that even a lone surrogate travels and the server can say what it thinks of it."""
    return json.dumps(value.model_dump(), ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _shifted(text: str | None, start: int) -> str | None:
    """`items.3.completion` of a slice as it counts in the whole batch."""
    if text is None or start == 0:
        return text
    return re.sub(r"\b(items\.)(\d+)", lambda found: f"{found[1]}{int(found[2]) + start}", text)


# --- reading ----------------------------------------------------------------------------------------


def raise_for_status(reply: Reply) -> None:
    """Nothing for 200; the error that any other status means.

    Raises:
        RewardRejected, RewardServerError, RewardProtocolError: see `client_errors.py`.
    """
    if reply.status == 200:
        return
    try:
        error = ErrorResponse.model_validate_json(reply.body).error
    except ValidationError:
        text = reply.body[:500].decode("utf-8", "replace")
        error = ErrorDetail(code=f"http_{reply.status}", message=text or "(no body)")
    if 400 <= reply.status < 500:
        raise RewardRejected(reply.status, error.code, error.message, error.where)
    if reply.status >= 500:
        raise RewardServerError(reply.status, error.code, error.message, error.where)
    raise RewardProtocolError(f"expected status 200, got {reply}")


def read(model: type[M], reply: Reply, *, versioned: bool = False) -> M:
    """The body of an answer.

    Raises:
        RewardProtocolError: it is no such model, or of another version.
    """
    if versioned:
        version = _schema_version(reply.body)
        if version != SCHEMA_VERSION:
            raise RewardProtocolError(
                f"the server speaks schema version {version!r}, this client {SCHEMA_VERSION!r}: "
                "update the older side"
            )
    try:
        return model.model_validate_json(reply.body, strict=True)
    except ValidationError as error:
        raise RewardProtocolError(f"the answer is no {model.__name__}: {error}") from error


def _schema_version(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise RewardProtocolError(f"the answer is not JSON: {error}; it begins {body[:80]!r}") from error
    if not isinstance(answer, dict):
        raise RewardProtocolError(f"the answer is not a JSON object; it begins {body[:80]!r}")
    return answer.get("schema_version")


def _check(answer: ScoreResponse, request: ScoreRequest) -> None:
    """Is this an answer to this request?

    Raises:
        RewardProtocolError: the number, order or content of the results is not what was asked for.
    """
    if len(answer.results) != len(request.items):
        raise RewardProtocolError(f"asked for {len(request.items)} results, got {len(answer.results)}")
    for index, (item, result) in enumerate(zip(request.items, answer.results, strict=True)):
        problem = _problem(item, result, request)
        if problem:
            raise RewardProtocolError(f"results.{index}: {problem}")


def _problem(item: ScoreItem, result: ItemResult, request: ScoreRequest) -> str | None:
    if result.id != item.id:
        return f"expected id {item.id!r}, got {result.id!r}"
    if set(result.rewards) != set(request.rewards):
        return f"expected the rewards {sorted(request.rewards)}, got {sorted(result.rewards)}"
    for name, score in result.rewards.items():
        if score is not None and not math.isfinite(score):
            return f"{name} is {score}, which is no score"
        if (score is None) != (name in result.unscorable):
            return f"{name} is {score}, but `unscorable` holds {sorted(result.unscorable)}"
    if request.detail is not Detail.SCORES and not set(request.rewards) <= set(result.layers or {}):
        return f"detail {request.detail} was asked for, but `layers` holds {sorted(result.layers or {})}"
    return None


def _joined(answers: Sequence[ScoreResponse]) -> ScoreResponse:
    fingerprints = {answer.fingerprint for answer in answers}
    if len(fingerprints) != 1:
        raise RewardProtocolError(
            f"the server changed in the middle of a batch (fingerprints {sorted(fingerprints)}): "
            "its scores don't compare; score the batch again"
        )
    return ScoreResponse(
        results=[result for answer in answers for result in answer.results],
        fingerprint=answers[0].fingerprint,
        schema_version=answers[0].schema_version,
        usage=Usage(
            nli_pairs=sum(answer.usage.nli_pairs for answer in answers),
            nli_tokens=sum(answer.usage.nli_tokens for answer in answers),
            cached=sum(answer.usage.cached for answer in answers),
        ),
    )
