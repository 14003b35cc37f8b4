"""Reward, shares, length and zero spread by step; a thin line for each seed, a thick one for their mean."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning.arms import ARMS
from benchmarks.learning.figures import Step

SMOOTHED = 10
"""Steps in a running mean: a step has few completions, and single steps jump."""
COLOURS = {"a": "#1b6ca8", "b": "#c4472c"}

PANELS: Mapping[str, Callable[[Step], float | None]] = {
    "full_coherence_smooth_reward": lambda step: step.rewards.get("full_coherence_smooth_reward"),
    "match_format_approximately": lambda step: step.rewards.get("match_format_approximately"),
    "terminology_reward": lambda step: step.rewards.get("terminology_reward"),
    "share of word soup": lambda step: step.word_soup,
    "share of hollow answers": lambda step: step.hollow,
    "length in tokens": lambda step: step.tokens,
    "share of groups without spread": lambda step: step.zero_spread,
}


def plot(runs: Mapping[str, Sequence[Sequence[Step]]], path: Path) -> None:
    """Draw one panel for each quantity.

    Args:
        runs: arm → its runs, one for each seed.
        path: a PNG or SVG file.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    columns = 4
    rows = -(-(len(PANELS) + 1) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(4 * columns, 3 * rows), layout="constrained")
    panels = list(axes.flat)
    for panel, (title, value) in zip(panels, PANELS.items(), strict=False):
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("step", fontsize=8)
        for arm, of_arm in runs.items():
            curves = [running_mean([value(step) for step in steps]) for steps in of_arm]
            for curve in curves:
                panel.plot(range(1, len(curve) + 1), curve, color=COLOURS[arm], alpha=0.3, linewidth=1)
            panel.plot(*_mean_curve(curves), color=COLOURS[arm], linewidth=2.2)
        panel.grid(alpha=0.25)
    _legend(panels[len(PANELS)], runs)
    for empty in panels[len(PANELS) + 1 :]:
        empty.axis("off")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def running_mean(values: Sequence[float | None]) -> list[float]:
    """At each step the mean of the last `SMOOTHED` known values; NaN (a gap) where there is none."""
    smoothed = []
    for at in range(len(values)):
        known = [value for value in values[max(0, at + 1 - SMOOTHED) : at + 1] if value is not None]
        smoothed.append(statistics.fmean(known) if known else float("nan"))
    return smoothed


def _mean_curve(curves: Sequence[Sequence[float]]) -> tuple[range, list[float]]:
    length = min((len(curve) for curve in curves), default=0)
    return range(1, length + 1), [statistics.fmean(curve[at] for curve in curves) for at in range(length)]


def _legend(panel: Any, runs: Mapping[str, Sequence[Any]]) -> None:
    panel.axis("off")
    for arm, of_arm in runs.items():
        seeds = f"{len(of_arm)} seeds" if len(of_arm) > 1 else "1 seed"
        panel.plot([], [], color=COLOURS[arm], linewidth=2.2, label=f"({arm}) {ARMS[arm].label}, {seeds}")
    panel.legend(loc="center", frameon=False, fontsize=9)
    panel.text(
        0.5, 0.15, f"running means of {SMOOTHED} steps", ha="center", transform=panel.transAxes, fontsize=8
    )
