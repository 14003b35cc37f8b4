"""Tables of completions, and jobs that score them, for tests."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from reward_service.commands import score
from reward_service.tables.rows import Row, Table, open_table, rows
from reward_service.tables.source import Source, format_of
from shared.schema import DEFAULT_REWARD, Detail

GOOD = {"prompt": "What is value?", "completion": "12345", "reference": "Labour."}


def said(console: Console) -> str:
    """What was printed to a console on a StringIO."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def write_lines(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def job(file: Path, out: Path | None, **changes: Any) -> score.Job:
    given = {"rewards": (DEFAULT_REWARD,), "detail": Detail.SCORES, "url": None} | changes
    return score.Job(file=file, out=out, **given)


def table_of(path: Path, *, keep: Sequence[str] = (), encoding: str | None = None) -> Table:
    """A file as a table; it is read into memory, so that nothing stays open."""
    source = Source(str(path), io.BytesIO(path.read_bytes()))
    return open_table(source, format_of(path, "--format"), encoding=encoding, keep=keep)


def rows_of(path: Path, *, keep: Sequence[str] = (), encoding: str | None = None) -> list[Row]:
    return list(rows(table_of(path, keep=keep, encoding=encoding), whole=True))
