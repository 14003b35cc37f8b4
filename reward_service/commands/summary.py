"""What scores are like, in a table."""

from __future__ import annotations

import statistics

from rich.table import Table

from reward_service.tables.gathered import Gathered


def summary(gathered: Gathered) -> Table:
    """Mean, standard deviation and range of each reward, over what could be scored."""
    table = Table()
    for heading in ("reward", "scored", "null", "mean", "std", "min", "max"):
        table.add_column(heading, overflow="fold")
    for name in gathered.rewards:
        scores = gathered.scores.get(name, ())
        figures = (
            (statistics.fmean(scores), statistics.pstdev(scores), min(scores), max(scores)) if scores else ()
        )
        shown = [f"{figure:.3f}" for figure in figures] or ["–"] * 4
        table.add_row(name, str(len(scores)), str(gathered.nulls.get(name, 0)), *shown)
    return table
