"""What TRL hands to a reward function, as items for the reward server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.completion import CLOSE, OPEN
from shared.schema import ChatMessage, ScoreItem

REFERENCE_COLUMNS = ("reference", "answer", "response")
"""The dataset columns that hold the curated answer; the first that is there is read."""

Text = str | list[ChatMessage]


def items_of(
    prompts: Sequence[Any],
    completions: Sequence[Any],
    columns: Mapping[str, Any],
    reference_column: str | None = None,
) -> list[ScoreItem]:
    """Prompts, completions and dataset columns → one item for each completion, in order.

    Args:
        prompts: strings, or lists of messages with `role` and `content`.
        completions: the same.
        columns: the dataset's other columns, each with one entry for each completion.
        reference_column: where the reference stands; where it is None, the first of `REFERENCE_COLUMNS` that
            is there, and no reference if none is.

    Raises:
        ValueError: names the field that is missing, of another length, or no text.
    """
    if len(prompts) != len(completions):
        raise ValueError(f"{len(prompts)} prompts, but {len(completions)} completions")
    references = _references(columns, reference_column, len(prompts))
    items = []
    for index, (prompt, completion, reference) in enumerate(
        zip(prompts, completions, references, strict=True)
    ):
        try:
            item = ScoreItem(
                prompt=_text(prompt, f"prompts[{index}]"),
                completion=_text(completion, f"completions[{index}]"),
                reference=reference,
            )
        except ValidationError as error:
            first = error.errors()[0]
            path = ".".join(str(step) for step in first["loc"])
            raise ValueError(f"item {index}, {path}: {first['msg']}") from error
        items.append(item)
    return items


def question(text: Text) -> str:
    """A prompt as people read it: of chat messages, the last one of the user."""
    if isinstance(text, str):
        return text
    return next((message.content for message in reversed(text) if message.role == "user"), "")


def answer(text: Text) -> str:
    """A completion as people read it: of chat messages, the assistant's, joined."""
    if isinstance(text, str):
        return text
    return "\n".join(message.content for message in text if message.role == "assistant")


def _references(columns: Mapping[str, Any], column: str | None, count: int) -> list[str | None]:
    if column is None:
        column = next((name for name in REFERENCE_COLUMNS if name in columns), None)
        if column is None:
            return [None] * count
    if column not in columns:
        raise ValueError(f"the dataset has no column {column!r} for references; it has {sorted(columns)}")
    values = columns[column]
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != count:
        raise ValueError(f"column {column!r} must hold one reference for each of {count} completions")
    for index, value in enumerate(values):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{column}[{index}] must be a string or None, got {type(value).__name__}")
    return [value or None for value in values]


def _text(value: Any, where: str) -> Text:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [_message(message, f"{where}[{index}]") for index, message in enumerate(value)]
    raise ValueError(f"{where} must be a string or a list of messages, got {type(value).__name__}")


def _message(message: Any, where: str) -> ChatMessage:
    if not isinstance(message, Mapping) or "role" not in message:
        raise ValueError(f"{where} must be a message with role and content, got {message!r:.80}")
    content = _content(message.get("content"), f"{where}.content")
    # where the tokenizer has a response template, TRL parses the reasoning out of the text; it goes back in
    reasoning = message.get("reasoning_content") or message.get("thinking")
    if isinstance(reasoning, str) and reasoning.strip():
        content = f"{OPEN}\n{reasoning}\n{CLOSE}\n\n{content}"
    return ChatMessage(role=message["role"], content=content)


def _content(content: Any, where: str) -> str:
    """Plain text, or the blocks `{"type": "text", "text": …}` of multimodal templates, joined."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        blocks = []
        for index, block in enumerate(content):
            text = block.get("text") if isinstance(block, Mapping) else None
            if not isinstance(text, str):
                raise ValueError(f"{where}[{index}] must be a block of text, got {block!r:.80}")
            blocks.append(text)
        return "\n".join(blocks)
    raise ValueError(f"{where} must be text, got {type(content).__name__}")
