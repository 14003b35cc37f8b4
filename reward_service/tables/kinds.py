"""What a column holds, found value by value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

EXACT = 2**53
"""Whole numbers up to here are told apart as floats."""
LARGEST = 2**63


class Kind(StrEnum):
    """What all values of a column are, apart from nulls."""

    TEXT = "text"
    TEXTS = "list of texts"
    MESSAGES = "chat messages"
    BOOL = "yes or no"
    SMALL = "whole number that a float holds"
    WHOLE = "whole number"
    NUMBER = "number"
    JSON = "JSON"
    """Anything else, or some of this and some of that: such a column becomes JSON text in Parquet."""


_NUMBERS = {Kind.SMALL, Kind.NUMBER}


def kind_of(value: Any) -> Kind | None:
    """The kind of a value as JSON has it; None for a null."""
    match value:
        case None:
            return None
        case bool():
            return Kind.BOOL
        case str():
            return Kind.TEXT
        case int():
            return Kind.SMALL if abs(value) <= EXACT else Kind.WHOLE if abs(value) < LARGEST else Kind.JSON
        case float():
            return Kind.NUMBER
        case list() if all(isinstance(each, str) for each in value):
            return Kind.TEXTS
        case list() if all(_is_message(each) for each in value):
            return Kind.MESSAGES
    return Kind.JSON


def joined(first: Kind | None, second: Kind | None) -> Kind | None:
    """The kind that holds both without loss."""
    if first is None or second is None or first is second:
        return first or second
    both = {first, second}
    if both == {Kind.SMALL, Kind.WHOLE}:
        return Kind.WHOLE
    return Kind.NUMBER if both == _NUMBERS else Kind.JSON


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"role", "content"}
        and all(isinstance(each, str) for each in value.values())
    )
