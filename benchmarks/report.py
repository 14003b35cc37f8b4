"""What every benchmark has in common: its options, its JSON, and how it says that a reach was missed."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import command, environment, machine, versions
from benchmarks.texts import ANSWERS, QUESTIONS, Material, read_material

RESULTS = Path("runs/benchmarks")


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark takes."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # we show our own
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--short", action="store_true", help="a minute or two: does it work, and roughly how")
    made.add_argument("--runs", type=_positive, help="repetitions (default: 3, with --short 1)")
    made.add_argument("--data", type=Path, default=QUESTIONS, help="questions and answers, JSONL")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--out", type=Path, default=RESULTS / f"{name}.json")
    return made


def runs_of(options: argparse.Namespace) -> int:
    """How often to measure."""
    return int(options.runs or (1 if options.short else 3))


def material_of(options: argparse.Namespace) -> Material:
    """The questions and answers that the load is made of."""
    return read_material(options.data, ANSWERS)


@dataclass(frozen=True, slots=True)
class Reach:
    """A goal and what was measured of it."""

    what: str
    measured: float | None
    """None: could not be measured, and so was not reached."""
    limit: float
    at_least: bool = True
    """Whether more is better."""

    @property
    def reached(self) -> bool:
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "what": self.what,
            "measured": self.measured,
            "limit": self.limit,
            "at_least": self.at_least,
            "reached": self.reached,
        }


def print_reaches(console: Console, reaches: Sequence[Reach], title: str = "reaches") -> None:
    """One line for each goal."""
    table = Table(title=title)
    for heading in ("goal", "limit", "measured", ""):
        table.add_column(heading, justify="right" if heading in ("limit", "measured") else "left")
    for reach in reaches:
        sign = "≥" if reach.at_least else "≤"
        measured = "not measured" if reach.measured is None else f"{reach.measured:.3g}"
        verdict = "[green]reached[/]" if reach.reached else "[red]missed[/]"
        table.add_row(reach.what, f"{sign} {reach.limit:.3g}", measured, verdict)
    console.print(table)


def write(path: Path, benchmark: str, console: Console, **told: Any) -> None:
    """Write the results, with the machine, the versions and the command before them."""
    whole = {
        "benchmark": benchmark,
        "command": command(),
        "machine": machine(),
        "versions": versions(),
        "environment": environment(),
        **told,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    console.print(f"written to {path}", highlight=False, soft_wrap=True)


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each quantity over runs that all have it."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]} if runs else {}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the others lies, between neighbours in proportion.

    Args:
        values: any number above zero, in any order.
        share: 0 … 1.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
