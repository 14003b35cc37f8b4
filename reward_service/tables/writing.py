"""Tables with their scores, as JSONL or CSV; `parquet_writing` has the third format."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reward_service.errors import RequestError
from reward_service.tables.gathered import Gathered
from reward_service.tables.rows import Row, Table, same_rows
from reward_service.tables.source import Format
from reward_service.tables.survey import Survey
from shared.schema import Detail, ItemResult

FURTHER = {
    Format.JSONL: ("rewards", "unscorable", "layers", "fingerprint"),
    Format.CSV: ("fingerprint",),
    Format.PARQUET: (),
}
"""What a row says besides the columns of the results.  In JSONL that is the result as the wire has it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A table with the results of all of its rows."""

    table: Table
    survey: Survey
    gathered: Gathered
    fingerprint: str
    notes: Mapping[str, Any]
    """How the scores came about, for the metadata of a file that has any."""
    replaced: Callable[[str], bool] = lambda _: False
    """Whether a column of the input gives way to the results."""

    @property
    def inputs(self) -> list[str]:
        """The columns of the input that come back, but for the id, which every row has in front."""
        return [name for name in self.survey.kinds if name != "id" and not self.replaced(name)]

    def rows(self, results: Iterable[ItemResult]) -> Iterator[tuple[Row, ItemResult]]:
        """Every row with its result.

        Raises:
            RequestError: a row isn't what it was.
        """
        read = same_rows(self.table, self.survey.digests, whole=True)
        return zip(read, results, strict=True)


def write(path: Path, format: Format, scored: Scored, results: Iterable[ItemResult]) -> None:
    """Write a table; the file gets its name only when it is whole.

    Args:
        path: where it goes; what is there is replaced.
        format: of the file.
        scored: the table and what is known of the results.
        results: of each row, in order.

    Raises:
        RequestError: the input isn't what it was.
        OSError: the file can't be written.
    """
    from reward_service.tables.parquet_writing import write_parquet

    writers = {Format.JSONL: write_jsonl, Format.CSV: write_csv, Format.PARQUET: write_parquet}
    with _whole(path) as unfinished:
        writers[format](unfinished, scored, results)


def write_jsonl(path: Path, scored: Scored, results: Iterable[ItemResult]) -> None:
    """One line for each row: the input, the columns of the results, and the result as the wire has it."""
    columns, inputs = list(scored.gathered.columns), set(scored.inputs)
    if scored.gathered.detail is Detail.EVIDENCE:
        columns.remove("layers")  # they stand there as an object
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row, result in scored.rows(results):
            line = {
                "id": row.item.id,
                **{name: value for name, value in row.values.items() if name in inputs},
                **scored.gathered.values(result, columns),
                **result.model_dump(include={"rewards", "unscorable"}),
                "fingerprint": scored.fingerprint,
            }
            if result.layers is not None:
                line |= result.model_dump(include={"layers"})
            file.write(json_line(line))


def write_csv(path: Path, scored: Scored, results: Iterable[ItemResult]) -> None:
    """One record for each row, separated by commas, with a header; a null is an empty cell."""
    columns, inputs = list(scored.gathered.columns), scored.inputs
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", *inputs, *columns, "fingerprint"])
        for row, result in scored.rows(results):
            values = scored.gathered.values(result, columns)
            told = [row.item.id, *map(row.values.get, inputs), *values.values(), scored.fingerprint]
            writer.writerow(map(_cell, told))


def json_line(value: object) -> str:
    """A line of JSON that can be encoded: a lone surrogate stands in it as `\\ud800`."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, ensure_ascii=True, default=str)
    return line + "\n"


def require_place(path: Path, source: Path) -> None:
    """Raise where a file can't be written, before any work is done.

    Raises:
        RequestError: it is the input, or a folder.
        OSError: its folder can't be made.
    """
    if path.is_dir():
        raise RequestError(f"--out: {path} is a folder; name a file in it")
    if path.exists() and source.exists() and path.samefile(source):
        raise RequestError(f"--out: {path} is the input; results go to a file of their own")
    path.parent.mkdir(parents=True, exist_ok=True)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return repr(value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside another one, which it becomes at the end."""
    unfinished = path.with_name(f"{path.name}.writing")
    try:
        yield unfinished
        _sync(unfinished)
        unfinished.replace(path)
        _sync(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
