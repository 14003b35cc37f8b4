"""Where the marks of a chart stand, in percent of its width and height; the page draws them as SVG.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from reward_service.pages.plots import Axis


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
