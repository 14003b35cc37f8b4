"""ChatML, the format of Qwen's chat template: messages → one text, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MARKS = ("<|im_start|>", "<|im_end|>")
ROLES = ("system", "user", "assistant")

Message = tuple[str, str]
"""Role and content."""


def render(messages: Iterable[Message]) -> str:
    """The whole conversation as one text."""
    start, end = MARKS
    return "".join(f"{start}{role}\n{content}{end}\n" for role, content in messages)


def parse(text: str) -> Sequence[Message]:
    """The messages of a text, as `render` writes it.

    Raises:
        ValueError: says where the text leaves the format.
    """
    start, end = MARKS
    messages: list[Message] = []
    rest = text
    while rest.strip("\n"):
        number = len(messages) + 1
        if not rest.startswith(start):
            raise ValueError(f"message {number} must begin with {start}")
        role, found, rest = rest.removeprefix(start).partition("\n")
        if not found or role not in ROLES:
            raise ValueError(f"message {number} must name one of {', '.join(ROLES)} after {start}")
        content, found, rest = rest.partition(end)
        if not found:
            raise ValueError(f"message {number} has no {end}")
        if start in content:
            raise ValueError(f"message {number} holds {start} before its {end}")
        if not content.strip():
            raise ValueError(f"message {number} is empty")
        messages.append((role, content))
        rest = rest.removeprefix("\n")
    return messages


def holds_mark(text: str) -> str | None:
    """The first mark in a text that should have none: it would end its message early."""
    return next((mark for mark in MARKS if mark in text), None)
