"""Draws the statistics of a data set as one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.dataset.load import DatasetError

if TYPE_CHECKING:
    from trainer.dataset.stats import Statistics

BARS = 25
"""A chart names as many values; the rest is one bar."""
COLOUR = "#35618f"


def draw(statistics: Statistics, path: Path) -> None:
    """Lengths as histograms, keywords, and where the records come from; written whole or not at all.

    Raises:
        DatasetError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DatasetError("matplotlib is not installed, and --plot needs it") from error

    origins = _origins(statistics)
    figure = Figure(figsize=(13, 9 if origins else 8.5), layout="constrained")
    figure.suptitle(f"{Path(statistics.file).name}: {statistics.records} records, schema {statistics.schema}")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(2, 3))[:, 0]
    counts = {name: values for name, values in statistics.counts.items() if values}
    for axes, (name, values) in zip(
        upper.subplots(1, len(counts), squeeze=False)[0], counts.items(), strict=True
    ):
        axes.hist(values, bins=_bins(values), color=COLOUR)
        axes.axvline(statistics.lengths[name].median, color="black", linestyle=":", label="median")
        axes.set(xlabel=name, ylabel="records")
        axes.legend()
    charts = [
        (
            "topic keywords (mean tf-idf)",
            [word.term for word in statistics.keywords],
            [word.weight for word in statistics.keywords],
        )
    ]
    if origins:
        charts.append(origins)
    for axes, (title, names, lengths) in zip(
        lower.subplots(1, len(charts), squeeze=False)[0], charts, strict=True
    ):
        _bars(axes, title, names, lengths)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        figure.savefig(partial, format="png", dpi=110)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _bins(values: Sequence[int]) -> list[float]:
    """Edges between whole numbers, so that each bin holds as many of them."""
    step = (max(values) - min(values)) // 30 + 1
    return [edge - 0.5 for edge in range(min(values), max(values) + step + 1, step)]


def _bars(axes: Any, title: str, names: Sequence[str], lengths: Sequence[float]) -> None:
    places = range(len(names))
    axes.barh(places, lengths, color=COLOUR)
    axes.set_yticks(places, [name if len(name) <= 45 else f"{name[:44]}…" for name in names])
    axes.invert_yaxis()
    axes.locator_params(axis="x", nbins=5)
    axes.set_title(title)


def _origins(statistics: Statistics) -> tuple[str, list[str], list[float]] | None:
    """Title, names and lengths of the bars: the first field with an origin, else the themes."""
    if statistics.origins:
        field, values = next(iter(statistics.origins.items()))
        title = f"records by {field}"
    elif statistics.themes:
        title, values = "records by theme", {name: count for name, (count, _) in statistics.themes.items()}
    else:
        return None
    names, lengths = list(values)[:BARS], [float(count) for count in list(values.values())[:BARS]]
    if rest := sum(list(values.values())[BARS:]):
        names.append(f"({len(values) - BARS} others)")
        lengths.append(rest)
    return title, names, lengths
