"""Renders the few constructs of Go's text/template that our Ollama templates use: enough to test them here.

Known are `{{ .Name }}`, string literals, `if` with a name or `eq .Name "text"`, `else`, `else if`, `range`
and `end`, without trim markers.  Anything else is an error, so that a template can't pass by being misread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ACTION = re.compile(r"\{\{ (.*?) \}\}", re.DOTALL)
_EQUAL = re.compile(r'eq \.(\w+) ("(?:[^"\\]|\\.)*")')


def render(template: str, values: Mapping[str, Any]) -> str:
    """The text that Go would write."""
    parts = _ACTION.split(template)
    tokens = [("text" if index % 2 == 0 else "action", part) for index, part in enumerate(parts)]
    if any("{{" in part or "}}" in part for kind, part in tokens if kind == "text"):
        raise ValueError("an action in a form that isn't known here")
    written, end = _block(tokens, 0, values)
    if end != len(tokens):
        raise ValueError(f"{tokens[end][1]} without a beginning")
    return written


def _block(tokens: list[tuple[str, str]], at: int, values: Mapping[str, Any]) -> tuple[str, int]:
    """Render up to an `else` or `end` of the block around it; returns its place."""
    written = ""
    while at < len(tokens):
        kind, text = tokens[at]
        if kind == "text":
            written += text
        elif text == "end" or text.startswith("else"):
            return written, at
        elif text.startswith("if "):
            part, at = _if(tokens, at, text.removeprefix("if "), values)
            written += part
        elif text.startswith("range ."):
            items = values[text.removeprefix("range .")]
            end = _block(tokens, at + 1, items[0] if items else values)[1]
            written += "".join(_block(tokens, at + 1, item)[0] for item in items)
            at = _expect_end(tokens, end)
        elif text.startswith('"'):
            written += json.loads(text)
        elif re.fullmatch(r"\.\w+", text):
            written += values[text[1:]]
        else:
            raise ValueError(f"{{{{ {text} }}}} is not known here")
        at += 1
    return written, at


def _if(tokens: list[tuple[str, str]], at: int, condition: str, values: Mapping[str, Any]) -> tuple[str, int]:
    chosen = _holds(condition, values)
    part, at = _block(tokens, at + 1, values)
    written = part if chosen else ""
    while tokens[at][1] != "end":
        other = tokens[at][1].removeprefix("else").strip()
        holds = not other or _holds(other.removeprefix("if "), values)
        part, at = _block(tokens, at + 1, values)
        if holds and not chosen:
            written, chosen = part, True
    return written, at


def _holds(condition: str, values: Mapping[str, Any]) -> bool:
    if found := _EQUAL.fullmatch(condition):
        return bool(values[found[1]] == json.loads(found[2]))
    if re.fullmatch(r"\.\w+", condition):
        return bool(values[condition[1:]])
    raise ValueError(f"the condition {condition} is not known here")


def _expect_end(tokens: list[tuple[str, str]], at: int) -> int:
    if at >= len(tokens) or tokens[at][1] != "end":
        raise ValueError("a range without end")
    return at
