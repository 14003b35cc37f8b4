"""What a report's charts are laid over, and where their marks stand.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from reward_service.pages.plots import Axis

PARTS = 5
"""Stretches of an axis of words for which a median is drawn."""
ROOM = 0.08
"""Left free at both ends of an axis of means, as a share of it."""


class Mean(NamedTuple):
    """A file's mean with its interval, upwards in percent from the top."""

    x: float
    y: float
    low: float | None
    high: float | None
    label: str
    number: int
    mean: float
    interval: Sequence[float] | None


class Step(NamedTuple):
    """The median score of answers of about the same length."""

    x: float
    width: float
    y: float
    median: float
    answers: int


def score_axis(edges: Sequence[float]) -> Axis:
    """From the least to the greatest score."""
    return Axis(edges[0], edges[-1])


def mean_axis(files: Mapping[str, Mapping[str, Any]]) -> Axis | None:
    """What the means and their intervals need; None where no file has a mean."""
    ends = [
        end
        for of in files.values()
        if of["mean"] is not None
        for end in (of["mean"], *(of["interval"] or ()))
    ]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    room = ROOM * (high - low) or 0.5
    return Axis(low - room, high + room)


def means(files: Mapping[str, Mapping[str, Any]], up: Axis) -> list[Mean]:
    """The files' means from left to right; a file without one keeps its place empty."""
    found = []
    for index, (label, of) in enumerate(files.items()):
        if of["mean"] is not None:
            ends = of["interval"]
            low, high = (round(100 - up.at(end), 2) for end in ends) if ends else (None, None)
            x = round(100 * (index + 0.5) / len(files), 2)
            y = round(100 - up.at(of["mean"]), 2)
            found.append(Mean(x, y, low, high, label, index + 1, of["mean"], ends))
    return found


def word_axis(files: Mapping[str, Mapping[str, Any]]) -> Axis:
    """From 0 words to the longest answer of any file."""
    return Axis(0, max((point[0] for of in files.values() for point in of["length"]["points"]), default=0))


def steps(points: Sequence[Sequence[float]], across: Axis, up: Axis) -> list[Step]:
    """The median score of each fifth of the answers by length, over the lengths that it spans."""
    ordered = sorted(points, key=tuple)
    found = []
    for part in range(PARTS if len(ordered) >= 2 * PARTS else 0):
        mine = ordered[part * len(ordered) // PARTS : (part + 1) * len(ordered) // PARTS]
        middle = median(score for _, score in mine)
        x, end = across.at(mine[0][0]), across.at(mine[-1][0])
        y = round(100 - up.at(middle), 2)
        found.append(Step(x, round(max(end - x, 1.0), 2), y, middle, len(mine)))
    return found
