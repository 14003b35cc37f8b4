"""Column types that give back exactly what was put in, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from reward_service.records.wanted import utc

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:(\\)|(0)|u(d[89a-f][0-9a-f]{2}))")


class LosslessText(TypeDecorator[str]):
    """Text of any characters.

    PostgreSQL's text can't hold NUL, and no encoder takes a lone surrogate.  Both stand in the database as
    escapes (`\\0`, `\\ud800`), and a backslash as two; every other text stands as it is, so that it can be
    read and searched there.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else escaped(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else unescaped(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment: goes in with any time zone (without one it is UTC), comes out in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else utc(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else utc(value)


def escaped(text: str) -> str:
    """A text as it stands in the database."""
    return _UNSTORABLE.sub(_escape, text)


def unescaped(text: str) -> str:
    """A text out of the database."""
    return _ESCAPED.sub(_unescape, text) if "\\" in text else text


def _escape(match: re.Match[str]) -> str:
    match match[0]:
        case "\\":
            return "\\\\"
        case "\x00":
            return "\\0"
        case surrogate:
            return f"\\u{ord(surrogate):04x}"


def _unescape(match: re.Match[str]) -> str:
    backslash, nul, surrogate = match.groups()
    return backslash or (chr(int(surrogate, 16)) if nul is None else "\x00")
