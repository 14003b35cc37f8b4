"""Draws the dev curves of a training run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

CURVE_FILE = "dev_curve.svg"
_RIGHT = 0.78


def draw_curve(curve: Sequence[dict[str, Any]], path: Path) -> None:
    """Accuracy on each dev set over the pairs seen, as an SVG; the same curve gives the same file.

    Args:
        curve: entries with ``phase``, ``pairs``, and an accuracy for each name that ends in ``_dev``.
        path: the file to write.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "dev_curve", "font.size": 9}):
        figure = Figure(figsize=(8, 4.2))
        axes = figure.add_subplot()
        starts = _starts(curve)
        for name in (name for name in curve[-1] if name.endswith("_dev")):
            measured = [entry for entry in curve if name in entry]
            seen = [(starts[entry["phase"]] + entry["pairs"]) / 1000 for entry in measured]
            values = [100 * entry[name] for entry in measured]
            (line,) = axes.plot(seen, values, marker="o", markersize=3)
            axes.annotate(
                f"{name} {values[-1]:.1f}",
                (1.01, values[-1]),
                xycoords=("axes fraction", "data"),
                va="center",
                color=line.get_color(),
            )
        for phase, start in list(starts.items())[1:]:
            axes.axvline(start / 1000, color="grey", linestyle=":")
            axes.text(start / 1000, axes.get_ylim()[0], f" {phase}", color="grey")
        axes.set_xlabel("pairs seen, thousands")
        axes.set_ylabel("accuracy, %")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        figure.subplots_adjust(left=0.08, right=_RIGHT, top=0.97, bottom=0.12)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def _starts(curve: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Phase → pairs seen before it began."""
    starts: dict[str, int] = {}
    lengths: dict[str, int] = {}
    for entry in curve:
        starts.setdefault(entry["phase"], sum(lengths.values()))
        lengths[entry["phase"]] = entry["pairs"]
    return starts
