"""The work of `score`: rows to results, a chunk at a time, to stdout or through a journal to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from reward_service import __version__
from reward_service.commands.backend import Backend, OwnEngine, Server
from reward_service.commands.meter import meter
from reward_service.errors import RequestError
from reward_service.tables.fields import renamed
from reward_service.tables.gathered import Gathered, is_written
from reward_service.tables.journal import Journal
from reward_service.tables.parquet_writing import json_columns
from reward_service.tables.rows import Row, Table, same_rows
from reward_service.tables.source import Format
from reward_service.tables.survey import Survey
from reward_service.tables.writing import FURTHER, Scored, json_line, write
from shared.client_errors import RewardRejected
from shared.schema import Limits, ScoreResponse

CHUNK = 32
"""Rows of one request: small enough for the progress to move, large enough for full batches.  So many are
lost at most where a run is killed."""


@dataclass(frozen=True, slots=True)
class Work:
    """A table that was checked, and what is known of its results so far."""

    table: Table
    found: Survey
    gathered: Gathered
    """Of the results so far; it names the rewards that are asked for, too."""
    console: Console

    def say(self, text: str) -> None:
        """Tell a person."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def to_stdout(work: Work, scorer: Backend) -> None:
    """Write each result as the wire has it, with the fingerprint, as soon as it is there.

    Raises:
        RequestError: what scores refuses a row; names the row.
        RewardClientError: there is nothing to score with.
    """
    _, _, limits = _about(scorer)
    work.found.require_within(limits)
    numbered = enumerate(same_rows(work.table, work.found.digests))
    with meter(work.console, "scoring", len(work.found)) as advance:
        for chunk, answer in _chunks(numbered, work, scorer, min(CHUNK, limits.max_items)):
            for result in answer.results:
                sys.stdout.write(json_line(result.model_dump() | {"fingerprint": answer.fingerprint}))
                work.gathered.add(result)
            sys.stdout.flush()
            advance(len(chunk))


def to_file(work: Work, scorer: Backend, journal: Journal, out: Path, writes: Format) -> None:
    """Write the table with its scores, from a journal that outlives an interrupted run.

    Raises:
        RequestError: what scores refuses a row, or a row was changed meanwhile; names the row.
        ConfigurationError: what scores isn't what began the journal.
        RewardClientError: there is nothing to score with.
        OSError: a file can't be read or written.
    """
    rewards, detail = work.gathered.rewards, work.gathered.detail
    fingerprint, pack, limits = _about(scorer)
    work.found.require_within(limits)
    journal.bind(fingerprint)
    for _, result in journal.results():
        work.gathered.add(result)
    if journal.dropped:
        work.say(f"the end of {journal.path} could not be read; those rows are scored again")
    if len(journal):
        work.say(f"{len(journal)} of {len(work.found)} rows are done already ({journal.path})")
    numbered = enumerate(same_rows(work.table, work.found.digests))
    left = ((number, row) for number, row in numbered if journal.todo(number))
    with _how_to_go_on(work, journal):
        with meter(work.console, "scoring", len(work.found), len(journal)) as advance:
            for chunk, answer in _chunks(left, work, scorer, min(CHUNK, limits.max_items)):
                journal.bind(answer.fingerprint)
                journal.add(dict(zip((number for number, _ in chunk), answer.results, strict=True)))
                for result in answer.results:
                    work.gathered.add(result)
                advance(len(chunk))
        notes = {
            "fingerprint": journal.fingerprint,
            "rewards": list(rewards),
            "detail": str(detail),
            "pack": pack,
            "scored_with": _without_secrets(scorer.name),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "source": Path(work.table.name).name,
            "rows": len(work.found),
            "columns": work.found.columns,
            "version": __version__,
        }
        replaced = is_written(rewards, detail, FURTHER[writes])
        scored = Scored(work.table, work.found, work.gathered, str(journal.fingerprint), notes, replaced)
        write(out, writes, scored, (result for _, result in journal.results()))
    journal.remove()
    if writes is Format.PARQUET and (columns := json_columns(scored)):
        work.say(f"columns without one type for all rows are JSON in it: {', '.join(columns)}")
    work.say(f"written to {out}")


@contextmanager
def _how_to_go_on(work: Work, journal: Journal) -> Iterator[None]:
    """Whatever stops a run, it is said what is kept."""
    try:
        yield
    except BaseException:
        if len(journal):
            work.say(
                f"stopped: {len(journal)} of {len(work.found)} rows are done and kept in {journal.path}; "
                "the same command goes on from there"
            )
        raise


Chunk = Sequence[tuple[int, Row]]
"""Rows with their numbers, from 0."""


def _chunks(
    numbered: Iterable[tuple[int, Row]], work: Work, scorer: Backend, size: int
) -> Iterator[tuple[Chunk, ScoreResponse]]:
    """Rows with their results, some at a time."""
    left = iter(numbered)
    while chunk := list(islice(left, size)):
        items = [row.item for _, row in chunk]
        with _errors_by_line(chunk):
            answer = scorer.score(items, work.gathered.rewards, work.gathered.detail)
        yield chunk, answer


@contextmanager
def _errors_by_line(chunk: Chunk) -> Iterator[None]:
    """An error at `items.3.completion` is one at a column of a line."""
    try:
        yield
    except (RequestError, RewardRejected) as error:
        parts = (error.where or "").split(".")
        if parts[0] != "items" or len(parts) < 2 or not parts[1].isdecimal():
            raise
        row = chunk[int(parts[1])][1]
        message = error.message.removeprefix(f"{error.where}: ").removeprefix(f"{error.where} ")
        path = renamed(".".join(parts[2:]), row.columns)
        raise RequestError(f"{row.place}:{path}: {message}", where=error.where) from None


def _about(scorer: Backend) -> tuple[str, str, Limits]:
    """Fingerprint, pack and limits of what scores."""
    match scorer:
        case OwnEngine(engine=engine, settings=settings):
            return engine.fingerprint, engine.pack_name, settings.limits
        case Server(client=client):
            info = client.info()
            return info.fingerprint, info.pack, info.limits
    raise TypeError(f"{scorer.name} doesn't say what it is")


def _without_secrets(name: str) -> str:
    """A server's URL without user and password."""
    if "://" not in name:
        return name
    url: Any = httpx.URL(name)
    return str(url.copy_with(username=None, password=None))
