"""`data …`: the training data's tools, a module each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trainer.commands import add_all

if TYPE_CHECKING:
    from trainer.commands import Commands

FOLDER = Path("training_data")

Step = Callable[[str], Callable[[int, int], None]]
"""Given a step's name, returns what is told how many are done, of how many."""


def add(commands: Commands) -> None:
    """Declare the group."""
    group = commands.add_parser("data", help="training data: check, build, describe, ask, split")
    add_all(group.add_subparsers(required=True, metavar="command"), __name__, __path__)


@contextmanager
def bars(console: Console) -> Iterator[Step]:
    """A bar for each long step; without a terminal, nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def step(name: str) -> Callable[[int, int], None]:
            task = progress.add_task(name)
            return lambda done, total: progress.update(task, completed=done, total=total)

        yield step
