"""A bar that says which step runs and what it is doing; plain lines where there is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class StepProgress:
    """Shows step k of n while it is entered.  Without a terminal it draws nothing; lines say it."""

    def __init__(self, console: Console, steps: int, *, first: int) -> None:
        self._steps = steps
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("step {task.fields[running]} of {task.total}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=steps, completed=first, running=min(first + 1, steps))

    def phase(self, text: str) -> None:
        """What the running step is doing."""
        self._progress.update(self._task, description=text)

    def done(self, step: int) -> None:
        """A step is done."""
        self._progress.update(self._task, completed=step, running=min(step + 1, self._steps))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
