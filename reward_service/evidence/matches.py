"""Matches of the lexicon as evidence that a person can check.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reward_service.lexicons import Match


def distinct(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The first match of each entry, in the order of the text: repeating earns nothing."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match.entry, match)
    return tuple(first.values())


def found(match: Match, **more: Any) -> dict[str, Any]:
    """A match as plain JSON values: what was found, as which entry, at which characters [start, end)."""
    return {
        "entry": match.entry,
        "category": match.category,
        "text": match.text,
        "start": match.start,
        "end": match.end,
        **more,
    }
