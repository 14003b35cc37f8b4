"""What a person reads of the benchmark on a console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.learning.arms import REWARDS, Arm
from benchmarks.learning.figures import Step

ENDS = 10
"""Steps at each end of a run that are compared."""


def training_table(plan: Sequence[tuple[Arm, int]], runs: Mapping[str, Sequence[Sequence[Step]]]) -> Table:
    """Each run's first and last steps.

    Args:
        plan: arm and seed of each run.
        runs: arm → its runs in the order of the plan.
    """
    table = Table(title=f"training: means of the first and last {ENDS} steps", title_justify="left")
    for heading in ("run", *REWARDS, "word soup", "hollow", "tokens", "no spread"):
        table.add_column(heading, justify="left" if heading == "run" else "right")
    left = {arm: iter(of_arm) for arm, of_arm in runs.items()}
    for arm, seed in plan:
        steps = next(left[arm.name])
        columns: list[list[float | None]] = [[step.rewards.get(name) for step in steps] for name in REWARDS]
        columns += [[step.word_soup for step in steps], [step.hollow for step in steps]]
        columns += [[step.tokens for step in steps], [step.zero_spread for step in steps]]
        cells = (f"{_mean(column[:ENDS])} → {_mean(column[-ENDS:])}" for column in columns)
        table.add_row(f"({arm.name}) seed {seed}", *cells)
    return table


def held_out_table(found: Mapping[str, Any], runs: Sequence[Path]) -> Table:
    """Means on the held-out questions with 95 % intervals, and each run's rise over the common start.

    Args:
        found: the evaluation's `report.json`, the start first.
        runs: the runs' folders, as the report spells them.
    """
    questions = len(found["questions"])
    table = Table(
        title=f"{questions} held-out questions: mean, and rise over the start", title_justify="left"
    )
    for heading in ("policy", *REWARDS):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    start = found["policies"][0]["name"]
    means = [found["rewards"][name]["policies"][start]["mean"] for name in REWARDS]
    table.add_row("start", *(_number(mean) for mean in means))
    for run in map(str, runs):
        cells = []
        for name in REWARDS:
            less = found["rewards"][name]["against"][run]["difference"]  # the start's mean less the run's
            rise, low, high = (_negative(less[key]) for key in ("mean", "high", "low"))
            mean = _number(found["rewards"][name]["policies"][run]["mean"])
            cells.append(f"{mean}  {_signed(rise)} [{_signed(low)}, {_signed(high)}]")
        table.add_row(Path(run).name, *cells)
    return table


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return _number(sum(known) / len(known) if known else None)


def _negative(value: float | None) -> float | None:
    return None if value is None else 0.0 - value  # no negative zero


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"
