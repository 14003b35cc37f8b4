"""The rows of a file of scores, whatever its format: Parquet, JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reward_service.errors import RequestError
from reward_service.jsonl import records
from reward_service.tables.gathered import PART, REASON
from reward_service.tables.parquet_writing import METADATA
from reward_service.tables.source import ENDINGS, Format

Choose = Callable[[Sequence[str], Mapping[str, Any]], list[str]]
"""The names of all columns, what is noted of the run → the names of those that are needed."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length."""

    columns: Mapping[str, Sequence[Any]]
    places: Sequence[str]
    """Of each row, for errors: `file:line`, of a Parquet file `file:row 3`."""
    about: Mapping[str, Any]
    """What `score` noted of the run: `fingerprint`, `rewards`, …; empty where it noted nothing."""


def read_table(path: Path, chosen: Choose) -> Table:
    """Read a file by its ending.

    Args:
        path: ends in one of `ENDINGS`.
        chosen: which columns are needed, by the names of all and by what is noted of the run; others are not
            read, since evidence can be far larger than all scores.

    Raises:
        RequestError: the format is unknown, a line is wrong, or there is no row; names the place.
        OSError: the file can't be read.
    """
    readers = {Format.PARQUET: _parquet, Format.JSONL: _jsonl, Format.CSV: _csv}
    format = ENDINGS.get(path.suffix.lower())
    if format is None:
        raise RequestError(f"{path}: scores are read from {', '.join(ENDINGS)}, not from {path.suffix!r}")
    table = readers[format](path, chosen)
    if not table.places:
        raise RequestError(f"{path} holds no row")
    return table


def _parquet(path: Path, chosen: Choose) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as opened:  # so that a file that isn't there is an error like any other
        try:
            file = pq.ParquetFile(opened)
            about = _about((file.schema_arrow.metadata or {}).get(METADATA), str(path))
            names = file.schema_arrow.names
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise RequestError(f"{path}: the column {twice[0]!r} stands there twice")
            names = chosen(names, about)
            read = file.read(columns=names)
        except pa.ArrowException as error:
            raise RequestError(f"{path}: no Parquet that can be read: {error}") from None
    columns = {name: read.column(index).to_pylist() for index, name in enumerate(read.column_names)}
    return Table(columns, [f"{path}:row {number}" for number in range(1, read.num_rows + 1)], about)


def _jsonl(path: Path, chosen: Choose) -> Table:
    places, rows = [], []
    for _, place, record in records(path.read_bytes(), str(path)):
        places.append(place)
        rows.append(_flat(record, place))
    return _by_column(rows, places, chosen, {})


def _csv(path: Path, chosen: Choose) -> Table:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"{path}: not UTF-8 (byte {error.start})") from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    limit = csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names = [name for name in reader.fieldnames or () if name]
        if twice := {name for name in names if names.count(name) > 1}:
            raise RequestError(f"{path}: the column {min(twice)!r} stands there twice")
        places, rows = [], []
        line = reader.line_num + 1
        for row in reader:
            place, line = f"{path}:{line}", reader.line_num + 1
            if None in row or None in row.values():
                raise RequestError(f"{place}: has not as many fields as the first line ({len(names)})")
            places.append(place)
            rows.append({name: value if value != "" else None for name, value in row.items()})
    except csv.Error as error:
        raise RequestError(f"{path}: no CSV that can be read: {error}") from None
    finally:
        csv.field_size_limit(limit)
    return _by_column(rows, places, chosen, {})


def _flat(record: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """A row with its scores as columns; a result as the server gives it (`rewards`, `unscorable`, `layers`)
    is laid out like the rows of a table."""
    scores = record.get("rewards")
    if not isinstance(scores, dict):
        return record
    reasons, layers = record.get("unscorable") or {}, record.get("layers") or {}
    for field, value in (("unscorable", reasons), ("layers", layers)):
        if not isinstance(value, dict):
            raise RequestError(f"{place}:{field}: must be an object", where=field)
    parts = {
        f"{PART}{name}": layer.get("score") if isinstance(layer, dict) else layer
        for name, layer in layers.items()
        if name not in scores
    }
    kept = {name: value for name, value in record.items() if name not in ("rewards", "unscorable", "layers")}
    return {**kept, **scores, **{f"{name}{REASON}": reasons.get(name) for name in scores}, **parts}


def _by_column(
    rows: Sequence[Mapping[str, Any]],
    places: Sequence[str],
    chosen: Choose,
    about: Mapping[str, Any],
) -> Table:
    names = chosen(list(dict.fromkeys(name for row in rows for name in row)), about)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Table(columns, places, about)


def _about(noted: bytes | None, place: str) -> Mapping[str, Any]:
    if noted is None:
        return {}
    try:
        value = json.loads(noted)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RequestError(f"{place}: the metadata under {METADATA.decode()!r} is no JSON object")
    return value
