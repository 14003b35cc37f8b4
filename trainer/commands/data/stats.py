"""`data stats`: describe a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from trainer.commands import Commands
    from trainer.dataset.stats import Statistics


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("stats", help="lengths, topic keywords and sources; table, JSON and plot")
    command.set_defaults(run=run)
    command.add_argument("file", type=Path)
    command.add_argument("--keywords", type=int, default=20, metavar="N", help="(default: %(default)s)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    command.add_argument("--plot", type=Path, metavar="FILE", help="draw a PNG there")


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Print the tables."""
    from trainer.dataset.stats import describe
    from trainer.dataset.write import write_json

    statistics = describe(parsed.file, max(0, parsed.keywords))
    _print(statistics, console)
    if parsed.json:
        write_json(parsed.json, statistics.as_json())
        console.print(f"figures: {parsed.json}", soft_wrap=True, highlight=False)
    if parsed.plot:
        from trainer.dataset.plot import draw

        draw(statistics, parsed.plot)
        console.print(f"plot: {parsed.plot}", soft_wrap=True, highlight=False)
    return 0


def _print(statistics: Statistics, console: Console) -> None:
    console.print(
        f"{statistics.file}: {statistics.records} records of the {statistics.schema} schema",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    lengths = Table("", "min", "median", "mean", "p95", "max", title="lengths")
    for name, spread in statistics.lengths.items():
        figures = (spread.minimum, spread.median, spread.mean, spread.p95, spread.maximum)
        lengths.add_row(name, *(f"{figure:g}" for figure in figures))
    console.print(lengths)
    if statistics.keywords:
        said = ", ".join(f"{word.term} ({word.records})" for word in statistics.keywords)
        console.print(f"topic keywords (records that hold them): {said}", highlight=False, markup=False)
    _print_origins(statistics, console)
    if statistics.themes:
        themes = Table("theme", "records", "keywords", title=escape(statistics.themes_note))
        for name, (count, terms) in statistics.themes.items():
            themes.add_row(escape(name), str(count), escape(", ".join(terms)))
        console.print(themes)
    else:
        console.print(f"no themes: {statistics.themes_note}", soft_wrap=True, highlight=False, markup=False)


def _print_origins(statistics: Statistics, console: Console, most: int = 20) -> None:
    for field, values in statistics.origins.items():
        table = Table(field, "records", "share", title=f"records by {field}")
        for value, count in list(values.items())[:most]:
            table.add_row(escape(value), str(count), f"{count / statistics.records:.1%}")
        if len(values) > most:
            rest = sum(list(values.values())[most:])
            table.add_row(f"({len(values) - most} others)", str(rest), f"{rest / statistics.records:.1%}")
        console.print(table)
    if statistics.without_origin:
        console.print(
            f"{statistics.without_origin} of {statistics.records} records name no source", highlight=False
        )
