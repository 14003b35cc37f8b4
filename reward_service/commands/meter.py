"""How far a long run is: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

EVERY_S = 30.0
"""Seconds between two lines where there is no terminal."""
SPEED_OVER_S = 300.0
"""Seconds over which the speed is measured: a chunk may take many."""

Advance = Callable[[int], None]
"""Told how many more rows are done."""


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} rows/s", style="progress.data.speed")


@contextmanager
def meter(console: Console, what: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Show progress while rows are worked on.

    Args:
        console: where it is shown.
        what: is done with the rows, such as `scoring`.
        total: rows.
        done: those of them that were done before.
    """
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, speed_estimate_period=SPEED_OVER_S) as progress:
            task = progress.add_task(what, total=total, completed=done)
            yield lambda count: progress.advance(task, count)
        return
    yield _Lines(console, what, total, done).advance


class _Lines:
    """Progress in lines."""

    def __init__(self, console: Console, what: str, total: int, done: int) -> None:
        self._console, self._what, self._total = console, what, total
        self._before, self._done = done, done
        self._started = self._said = time.monotonic()

    def advance(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._said < EVERY_S and self._done < self._total:
            return
        self._said = now
        speed = (self._done - self._before) / max(now - self._started, 1e-9)
        left = duration((self._total - self._done) / speed) if speed else "unknown time"
        self._console.print(
            f"{self._what}: {self._done} of {self._total} rows, {speed:.1f} rows/s, {left} left",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def duration(seconds: float) -> str:
    """Some seconds as `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
