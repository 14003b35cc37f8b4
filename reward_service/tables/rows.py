"""The rows of a table, whatever its format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

from reward_service.errors import RequestError
from reward_service.tables.fields import Columns, item_of
from reward_service.tables.kinds import Kind
from reward_service.tables.source import Format, Source
from shared.schema import ScoreItem


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it was read."""

    number: int
    """From 1; of a JSONL file the line."""
    place: str
    """`file:line`, or `file:row 17`."""
    values: Mapping[str, Any]
    """By column, as they are to come back."""
    given: Mapping[str, Any]
    """By column, as the wire is to have them: an empty cell of a CSV is None, passages are a list."""
    columns: Columns


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be scored."""

    place: str
    values: Mapping[str, Any]
    columns: Columns
    item: ScoreItem
    """With an id."""

    @property
    def digest(self) -> bytes:
        """Of all that decides its result: 16 bytes."""
        told = json.dumps(self.item.model_dump(), sort_keys=True)
        return hashlib.sha256(told.encode("ascii")).digest()[:16]


class Table(Protocol):
    """A table that can be read as often as needed."""

    @property
    def name(self) -> str:
        """As errors name it."""
        ...

    @property
    def kinds(self) -> Mapping[str, Kind] | None:
        """What the columns hold; None where only all of the rows tell."""
        ...

    def raw(self, whole: bool) -> Iterator[Raw]:
        """Every row; with `whole` all of its columns, else those at least that are scored.

        Raises:
            RequestError: a row can't be read; names its place.
        """
        ...


def rows(table: Table, *, whole: bool = False) -> Iterator[Row]:
    """Every row of a table as an item; a row without id has its number for one.

    Raises:
        RequestError: the first bad row, as `file:line:column: message`.
    """
    for raw in table.raw(whole):
        item = item_of(raw.given, raw.columns, raw.place, str(raw.number))
        yield Row(raw.place, raw.values, raw.columns, item)


def open_table(
    source: Source, format: Format, *, encoding: str | None = None, keep: Collection[str] = ()
) -> Table:
    """The table in some bytes.

    Args:
        source: the bytes.
        format: how they are to be read.
        encoding: of a CSV; UTF-8 where it is None.
        keep: further columns that look like misspelt fields and aren't.

    Raises:
        RequestError: there is no such table in them, or a column is missing.
        ConfigurationError: there is no such encoding.
    """
    from reward_service.tables.csv_table import CsvTable
    from reward_service.tables.jsonl_table import JsonlTable
    from reward_service.tables.parquet_table import ParquetTable

    match format:
        case Format.JSONL:
            return JsonlTable(source, keep)
        case Format.CSV:
            return CsvTable(source, keep, encoding)
        case Format.PARQUET:
            return ParquetTable(source, keep)


def same_rows(table: Table, digests: Sequence[bytes], *, whole: bool = False) -> Iterator[Row]:
    """Every row of a table that was read before.

    Args:
        table: what to read.
        digests: of the rows, as they were.
        whole: see `Table.raw`.

    Raises:
        RequestError: the file was written to meanwhile.
    """
    for row, digest in zip_longest(rows(table, whole=whole), digests):
        if row is None:
            raise RequestError(f"{table.name}: lost rows while it was being scored")
        if row.digest != digest:
            raise RequestError(f"{row.place}: was changed while the file was being scored")
        yield row
