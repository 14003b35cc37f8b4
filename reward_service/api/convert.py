"""Wire → samples, and scores → wire.  The only place where a request's fields are checked by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from reward_service.errors import RequestError, TextTooLong, TooManyItems
from reward_service.types import BatchResult, Sample, Score, ScoredSample
from shared.completion import split
from shared.schema import (
    ChatMessage,
    Detail,
    ItemResult,
    Layer,
    Limits,
    ScoreItem,
    ScoreResponse,
    Usage,
)

CONTEXT_TEXTS = 4
"""The passages of an item may together be as long as this many texts."""


def samples(items: Sequence[ScoreItem], limits: Limits) -> list[Sample]:
    """The items of a request as samples, in order.

    Raises:
        TooManyItems, TextTooLong: a limit is passed; nothing is ever cut.
        RequestError: a conversation lacks its question or its answer, or two items share an id.
    """
    if len(items) > limits.max_items:
        raise TooManyItems(
            f"{len(items)} items in one request, {limits.max_items} are allowed; send them in several",
            where="items",
        )
    first_with: dict[str, int] = {}
    converted = []
    for index, item in enumerate(items):
        identity = item.id if item.id is not None else str(index)
        if identity in first_with:
            where = f"items.{index if item.id is not None else first_with[identity]}.id"
            other = f"items.{first_with[identity] if item.id is not None else index}"
            raise RequestError(
                f"{where}: {other} has the same id (an item without id has its index for one)", where=where
            )
        first_with[identity] = index
        converted.append(sample(item, identity, limits, where=f"items.{index}"))
    return converted


def sample(
    item: ScoreItem,
    identity: str,
    limits: Limits,
    *,
    where: str = "",
    prompt: str = "prompt",
    completion: str = "completion",
) -> Sample:
    """One item as a sample: the last user message is the question, the assistant's are the completion.

    Args:
        item: as it came.
        identity: its id.
        limits: how long a text may be; all passages together may have four times as many characters.
        where: the item's path, for errors; empty where its fields are those of the request.
        prompt: how the request calls the prompt.
        completion: how the request calls the completion.

    Raises:
        TextTooLong: a text, or all passages together, are too long; nothing is ever cut.
        RequestError: a conversation lacks its question or its answer.
    """
    prefix = f"{where}." if where else ""
    question = _question(item.prompt, f"{prefix}{prompt}")
    written = _completion(item.completion, f"{prefix}{completion}")
    passages = tuple(item.context or ())
    for field, text in (
        (prompt, question),
        (completion, written),
        ("reference", item.reference or ""),
        *((f"context.{index}", passage) for index, passage in enumerate(passages)),
    ):
        _within(limits.max_text_chars, len(text), f"{prefix}{field}")
    _within(CONTEXT_TEXTS * limits.max_text_chars, sum(map(len, passages)), f"{prefix}context")
    return Sample(identity, question, split(written), item.reference, passages)


def response(result: BatchResult, rewards: Sequence[str], detail: Detail, fingerprint: str) -> ScoreResponse:
    """The answer to a request, in the order of its items."""
    return ScoreResponse(
        results=[item_result(scored, rewards, detail) for scored in result.samples],
        fingerprint=fingerprint,
        usage=Usage(
            nli_pairs=result.cost.nli_pairs, nli_tokens=result.cost.nli_tokens, cached=result.cost.cached
        ),
    )


def item_result(scored: ScoredSample, rewards: Sequence[str], detail: Detail) -> ItemResult:
    """The scores of one sample: those that were asked for, and, from `layers` on, every part of them."""
    asked = {name: scored.scores[name] for name in rewards}
    told = scored.sample.completion if detail is Detail.EVIDENCE else None
    layers = None
    if detail is not Detail.SCORES:
        layers = {name: layer(score, detail) for name, score in scored.scores.items()}
    return ItemResult(
        id=scored.sample.id,
        rewards={name: score.score for name, score in asked.items()},
        unscorable={name: score.reason for name, score in asked.items() if score.reason is not None},
        layers=layers,
        answer=told.answer if told is not None else None,
        reasoning=told.reasoning if told is not None else None,
    )


def layer(score: Score, detail: Detail) -> Layer:
    """One score with what led to it."""
    return Layer(
        score=score.score,
        value=score.value,
        reason=score.reason,
        decided_by=score.decided_by,
        parts=dict(score.parts) if score.parts is not None else None,
        evidence=plain(score.evidence) if detail is Detail.EVIDENCE else None,
    )


def plain(value: Any) -> Any:
    """Evidence as plain JSON values: named tuples become objects, NumPy's numbers Python's.

    Raises:
        TypeError: the value has no form in JSON.
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case np.generic():
            return value.item()
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return plain(value._asdict())
        case list() | tuple():
            return [plain(each) for each in value]
        case set() | frozenset():
            return sorted(plain(each) for each in value)
    raise TypeError(f"evidence holds a {type(value).__name__}, which has no form in JSON")


def _within(limit: int, length: int, where: str) -> None:
    if length > limit:
        raise TextTooLong(f"{where} has {length} characters, {limit} are allowed", where=where)


def _question(prompt: str | list[ChatMessage], where: str) -> str:
    if isinstance(prompt, str):
        return prompt
    for message in reversed(prompt):
        if message.role == "user":
            return message.content
    raise RequestError(f"{where}: no message has the role user, so there is no question", where=where)


def _completion(completion: str | list[ChatMessage], where: str) -> str:
    if isinstance(completion, str):
        return completion
    written = list(_assistant(completion))
    if not written:
        raise RequestError(
            f"{where}: no message has the role assistant, so there is no completion", where=where
        )
    return "\n".join(written)


def _assistant(messages: Iterable[ChatMessage]) -> Iterable[str]:
    return (message.content for message in messages if message.role == "assistant")
