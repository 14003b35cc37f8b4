"""`score FILE.jsonl`: scores a file, in this process or with a running server."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reward_service.commands.backend import Backend, backend
from reward_service.commands.engine import Build, build_engine
from reward_service.commands.lines import Line, read_lines
from reward_service.errors import RequestError
from reward_service.settings import Settings
from shared.client_errors import RewardRejected
from shared.schema import Detail, ItemResult

CHUNK = 32
"""Items of one request: small enough for the progress to move, large enough for full batches."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be scored, and where the results go."""

    file: Path
    out: Path | None
    rewards: tuple[str, ...]
    detail: Detail
    url: str | None


def run(job: Job, settings: Settings, console: Console, build: Build = build_engine) -> int:
    """Score a file and print a table of the scores; results go out a line each, in the order of the file.

    Raises:
        RequestError: a line is wrong; names file, line and field.
        ModelUnavailable, RewardClientError: there is nothing to score with.
    """
    lines = read_lines(job.file)
    with backend(job.url, settings, console, build) as scorer, output(job.out) as out:
        results = list(_score(lines, scorer, job, out, console))
    console.print(summary(results, job.rewards))
    return 0


@contextmanager
def output(path: Path | None) -> Iterator[IO[str]]:
    """Where the results go.  A file gets its name only when it is whole."""
    if path is None:
        yield sys.stdout
        return
    partial = path.with_name(path.name + ".partial")
    # A surrogate as \\ud800 is what JSON wants it to be.
    with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
        yield file
    partial.replace(path)


def _score(
    lines: Sequence[Line], scorer: Backend, job: Job, out: IO[str], console: Console
) -> Iterator[ItemResult]:
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(*columns, console=console))
        task = progress.add_task("scoring", total=len(lines))
        for first in range(0, len(lines), CHUNK):
            chunk = lines[first : first + CHUNK]
            with _errors_by_line(chunk):
                answer = scorer.score([line.item for line in chunk], job.rewards, job.detail)
            for result in answer.results:
                written = result.model_dump() | {"fingerprint": answer.fingerprint}
                out.write(json.dumps(written, ensure_ascii=False) + "\n")
            out.flush()
            progress.advance(task, len(chunk))
            yield from answer.results


@contextmanager
def _errors_by_line(chunk: Sequence[Line]) -> Iterator[None]:
    """An error at `items.3.completion` is one at a line of the file."""
    try:
        yield
    except (RequestError, RewardRejected) as error:
        parts = (error.where or "").split(".")
        if parts[0] != "items" or len(parts) < 2 or not parts[1].isdecimal():
            raise
        line = chunk[int(parts[1])]
        message = error.message.removeprefix(f"{error.where}: ").removeprefix(f"{error.where} ")
        raise RequestError(f"{line.place}:{'.'.join(parts[2:])}: {message}", where=error.where) from None


def summary(results: Sequence[ItemResult], rewards: Sequence[str]) -> Table:
    """Mean, standard deviation and range of each reward, over what could be scored."""
    table = Table()
    for heading in ("reward", "scored", "null", "mean", "std", "min", "max"):
        table.add_column(heading, overflow="fold")
    for name in dict.fromkeys(rewards):
        scores = [score for result in results if (score := result.rewards[name]) is not None]
        figures = (
            (statistics.fmean(scores), statistics.pstdev(scores), min(scores), max(scores)) if scores else ()
        )
        shown = [f"{figure:.3f}" for figure in figures] or ["–"] * 4
        table.add_row(name, str(len(scores)), str(len(results) - len(scores)), *shown)
    return table
