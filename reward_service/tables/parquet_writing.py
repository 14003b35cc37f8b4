"""Tables with their scores, as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reward_service.tables.kinds import Kind
from reward_service.tables.parquet_table import ParquetTable
from shared.schema import ItemResult

if TYPE_CHECKING:
    from reward_service.tables.writing import Scored

METADATA = b"touchstone"
"""The key of the file's metadata under which it is said how the scores came about."""
GROUP = 1024
"""Rows of a row group, at most."""


def write_parquet(path: Path, scored: Scored, results: Iterable[ItemResult]) -> None:
    """One row for each row.  The columns of a Parquet file keep their types; those of a JSONL file get the
    type that all of their values have, or are JSON where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = scored.gathered.columns
    schema = pa.schema(
        [
            pa.field("id", pa.string()),
            *_input_fields(scored),
            *(
                pa.field(name, pa.float64() if type_ is float else pa.string())
                for name, type_ in columns.items()
            ),
        ],
        metadata={METADATA: json.dumps(scored.notes, ensure_ascii=False).encode("utf-8")},
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for ids, inputs, block in _blocks(scored, results, schema):
            told = [scored.gathered.values(result, columns) for result in block]
            arrays = [
                pa.array(ids, pa.string()),
                *inputs,
                *(pa.array([each[name] for each in told], schema.field(name).type) for name in columns),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def json_columns(scored: Scored) -> list[str]:
    """The columns of the input that become JSON, since Parquet has one type for all of a column."""
    if isinstance(scored.table, ParquetTable):
        return []
    return [name for name in scored.inputs if scored.survey.kinds[name] is Kind.JSON]


def _input_fields(scored: Scored) -> list[Any]:
    import pyarrow as pa

    if isinstance(scored.table, ParquetTable):
        return [scored.table.schema.field(name) for name in scored.inputs]
    types: dict[Kind | None, Any] = {
        Kind.TEXTS: pa.list_(pa.string()),
        Kind.MESSAGES: pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        Kind.BOOL: pa.bool_(),
        Kind.SMALL: pa.int64(),
        Kind.WHOLE: pa.int64(),
        Kind.NUMBER: pa.float64(),
    }
    return [pa.field(name, types.get(scored.survey.kinds[name], pa.string())) for name in scored.inputs]


Block = tuple[Sequence[str], Sequence[Any], Sequence[ItemResult]]
"""Ids, the columns of the input as Arrow has them, and results, of some consecutive rows."""


def _blocks(scored: Scored, results: Iterable[ItemResult], schema: Any) -> Iterator[Block]:
    import pyarrow as pa

    if isinstance(scored.table, ParquetTable):
        yield from _arrow_blocks(scored.table, scored.inputs, results)
        return
    as_json = set(json_columns(scored))
    pairs = scored.rows(results)
    while block := list(islice(pairs, GROUP)):
        arrays = []
        for name in scored.inputs:
            values = [row.values.get(name) for row, _ in block]
            if name in as_json:
                values = [
                    value if value is None else json.dumps(value, ensure_ascii=False) for value in values
                ]
            arrays.append(pa.array(values, schema.field(name).type))
        yield [str(row.item.id) for row, _ in block], arrays, [result for _, result in block]


def _arrow_blocks(
    table: ParquetTable, inputs: Sequence[str], results: Iterable[ItemResult]
) -> Iterator[Block]:
    """The columns as they were read: no value passes through Python."""
    left = iter(results)
    number = 0
    for batch in table.batches(GROUP):
        given = batch.column("id").to_pylist() if "id" in batch.schema.names else [None] * len(batch)
        ids = [
            str(number + place) if value is None else str(value) for place, value in enumerate(given, start=1)
        ]
        number += len(batch)
        yield ids, [batch.column(name) for name in inputs], list(islice(left, len(batch)))
