"""Where the marks of a chart stand, in percent of its width and height; pages draw them as SVG.  Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

LEAST_HEIGHT = 7.0
"""Percent of the row's height: one answer among hundreds must still be seen."""
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0)
TICKS = 6
"""At most one more than this many on an axis."""


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    """Percent from the low end."""
    value: float


class Bar(NamedTuple):
    """The answers whose scores fall between `low` and `high`."""

    x: float
    width: float
    height: float
    """Percent of the row's height; the tallest bar has 100."""
    answers: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers laid over 0 … 100 %.  A stretch without length lies in the middle."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value stands, in percent from the low end; what lies outside stands on the edge."""
        if self.high <= self.low:
            return 50.0
        return round(100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0), 2)

    @property
    def top_third(self) -> float:
        """Where the top third begins, in percent from the low end."""
        return self.at(self.low + 2 * (self.high - self.low) / 3)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers at even steps."""
        length = self.high - self.low
        if length <= 0:
            return (Tick(50.0, self.low),)
        step = next((step for step in STEPS if length / step <= TICKS), length / TICKS)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(
            Tick(self.at(number * step), round(number * step, 6)) for number in range(first, last + 1)
        )


def bars(counts: Sequence[int], edges: Sequence[float], axis: Axis) -> tuple[Bar, ...]:
    """The bars of a histogram over an axis, without the empty ones.

    Args:
        counts: answers by bin, shape (bins,).
        edges: the bins' ends, shape (bins + 1,), rising.
        axis: what the bars stand over.

    Raises:
        ValueError: there isn't one edge more than counts.
    """
    if len(edges) != len(counts) + 1:
        raise ValueError(f"{len(counts)} counts need {len(counts) + 1} edges, not {len(edges)}")
    most = max(counts, default=0)
    found = []
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        if count:
            x, end = axis.at(low), axis.at(high)
            if end <= x:
                x, end = max(x - 1.5, 0.0), min(x + 1.5, 100.0)
            height = max(100 * count / most, LEAST_HEIGHT)
            found.append(Bar(x, round(end - x, 2), round(height, 1), count, low, high))
    return tuple(found)
