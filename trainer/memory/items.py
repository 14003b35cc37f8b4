"""A line of the plan: what takes memory, when, how much, and how that is computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

GIB = 2**30
"""Bytes of one GiB; every figure that is printed is in GiB."""

When = Literal["always", "generating", "updating"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that takes GPU memory."""

    name: str
    how: str
    """How the figure comes about, for the table."""
    size: float
    """Bytes."""
    when: When = "always"


def taken(items: Iterable[Item], during: When) -> float:
    """Bytes that the items take in one phase of a step: `generating` or `updating`."""
    return sum(item.size for item in items if item.when in ("always", during))
