"""Where the marks of a chart stand, in percent of its width and height; the page draws them as SVG.  Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
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


class Dot(NamedTuple):
    """One answer: its quality to the right, its score upwards."""

    x: float
    y: float
    """Percent from the top."""
    quality: float
    score: float
    words: int


class Level(NamedTuple):
    """The median score of the answers whose quality falls into one part of the axis."""

    x: float
    width: float
    y: float
    median: float
    answers: int


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


def quality_axis(points: Sequence[Sequence[float]]) -> Axis:
    """0 … 1, and from −1 where an answer has more wrong than right."""
    return Axis(-1.0 if any(point[0] < 0 for point in points) else 0.0, 1.0)


def dots(points: Sequence[Sequence[float]], across: Axis, up: Axis) -> tuple[Dot, ...]:
    """Every point (quality, score, words) as a dot, its quality across and its score up."""
    return tuple(
        Dot(across.at(quality), round(100 - up.at(score), 2), quality, score, int(words))
        for quality, score, words in points
    )


def levels(points: Sequence[Sequence[float]], across: Axis, up: Axis, parts: int = 5) -> tuple[Level, ...]:
    """The median score by equal parts of the quality axis; a part without points has none."""
    scores: list[list[float]] = [[] for _ in range(parts)]
    for quality, score, _ in points:
        scores[min(int(across.at(quality) * parts / 100), parts - 1)].append(score)
    width = 100 / parts
    found = []
    for index, part in enumerate(scores):
        if part:
            middle = median(part)
            x, y = round(index * width, 2), round(100 - up.at(middle), 2)
            found.append(Level(x, round(width, 2), y, middle, len(part)))
    return tuple(found)
