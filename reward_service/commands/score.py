"""`score FILE`: scores a table of completions, in this process or with a running server."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from reward_service.commands.backend import backend
from reward_service.commands.engine import Build, build_engine
from reward_service.commands.scoring import Work, to_file, to_stdout
from reward_service.commands.summary import summary
from reward_service.errors import ConfigurationError, RequestError
from reward_service.settings import Settings
from reward_service.tables.gathered import Gathered, is_written
from reward_service.tables.journal import Header, Journal
from reward_service.tables.parquet_table import ParquetTable, unfit_for_text
from reward_service.tables.rows import Table, open_table
from reward_service.tables.source import Format, format_of, opened
from reward_service.tables.survey import Survey, survey
from reward_service.tables.writing import FURTHER, require_place
from shared.schema import DEFAULT_REWARD, Detail

NAME = "score"
HELP = "score a table of completions: JSONL, CSV or Parquet"


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be scored, and where the results go."""

    file: Path
    out: Path | None
    """None: the standard output, as JSONL, and without a journal."""
    rewards: tuple[str, ...]
    detail: Detail
    url: str | None
    format: Format | None = None
    """None: by the file's ending."""
    out_format: Format | None = None
    encoding: str | None = None
    """Of a CSV; None for UTF-8."""
    keep: tuple[str, ...] = ()
    """Further columns that look like misspelt fields."""
    replace: bool = False
    """Whether results take the place of columns of the same name."""
    restart: bool = False
    """Whether to throw away what an interrupted run has left."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    formats = [str(format) for format in Format]
    parser.add_argument(
        "file",
        type=Path,
        help="rows with prompt (or question, instruction), completion (answer, response) and, if you like, "
        "reference, context (a list of passages) and id; further columns come back; - is JSONL from stdin",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        help="the rows with their scores: .jsonl, .csv or .parquet; an interrupted run goes on when it is "
        "started again; without it, JSON lines go to stdout",
    )
    parser.add_argument("--reward", action="append", help=f"may be repeated; {DEFAULT_REWARD} by default")
    parser.add_argument("--detail", choices=[str(detail) for detail in Detail], default=str(Detail.SCORES))
    parser.add_argument("--url", help="a running server; without it the models are loaded here")
    parser.add_argument("--format", choices=formats, help="of FILE; by its ending where it isn't said")
    parser.add_argument("--out-format", choices=formats, help="of OUT; by its ending where it isn't said")
    parser.add_argument("--encoding", help="of a CSV; UTF-8 where it isn't said")
    parser.add_argument(
        "--keep", action="append", metavar="COLUMN", help="not a misspelt field but a further column"
    )
    parser.add_argument(
        "--replace", action="store_true", help="give up columns that have the names of the results"
    )
    parser.add_argument(
        "--restart", action="store_true", help="throw away what an interrupted run has left, and begin anew"
    )


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(
        file=parsed.file,
        out=parsed.out,
        rewards=tuple(dict.fromkeys(parsed.reward or (DEFAULT_REWARD,))),
        detail=Detail(parsed.detail),
        url=parsed.url,
        format=Format(parsed.format) if parsed.format else None,
        out_format=Format(parsed.out_format) if parsed.out_format else None,
        encoding=parsed.encoding,
        keep=tuple(parsed.keep or ()),
        replace=parsed.replace,
        restart=parsed.restart,
    )


def run(job: Job, settings: Settings, console: Console, build: Build = build_engine) -> int:
    """Score a table, write it with its scores, and print a summary.

    Every row is checked before anything is scored.  With an output file, results are kept in a journal beside
    it as they come; where a run is interrupted, the same command goes on from there.

    Raises:
        RequestError: a row is wrong; names file, line and column.
        ConfigurationError: a format can't be told, or the journal belongs to something else.
        ModelUnavailable, RewardClientError: there is nothing to score with.
        OSError: a file can't be read or written.
    """
    reads = format_of(job.file, "--format", job.format)
    writes = format_of(job.out, "--out-format", job.out_format) if job.out is not None else None
    if job.out is not None:
        require_place(job.out, job.file)
    if job.encoding is not None and reads is not Format.CSV:
        raise ConfigurationError(f"--encoding: is for CSV; {reads} says its encoding by itself")
    with opened(job.file) as source:
        table = open_table(source, reads, encoding=job.encoding, keep=job.keep)
        found = _surveyed(table, job, writes)
        if job.url is None:
            found.require_within(settings.limits)  # before the models take their time
        work = Work(table, found, Gathered(job.rewards, job.detail), console)
        if job.out is None or writes is None:
            with backend(job.url, settings, console, build) as scorer:
                to_stdout(work, scorer)
        else:
            header = Header(found.digest, job.rewards, job.detail)
            with (
                Journal.opened(job.out, header, found.digests, restart=job.restart) as journal,
                backend(job.url, settings, console, build) as scorer,
            ):
                to_file(work, scorer, journal, job.out, writes)
    console.print(summary(work.gathered))
    return 0


def _surveyed(table: Table, job: Job, writes: Format | None) -> Survey:
    """The table, checked for what is to be written."""
    if writes is None:
        return survey(table)
    if writes is not Format.PARQUET and isinstance(table, ParquetTable):
        column = unfit_for_text(table.schema)
        if column is not None:
            raise RequestError(
                f"{table.name}:{column}: holds bytes, which {writes} can't; write Parquet, or leave it out"
            )
    encodable = writes is not Format.JSONL
    if job.replace:
        return survey(table, encodable=encodable)
    return survey(table, is_written(job.rewards, job.detail, FURTHER[writes]), encodable=encodable)
