"""A table in a Parquet file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reward_service.errors import RequestError
from reward_service.tables.fields import columns_of, passages
from reward_service.tables.kinds import Kind
from reward_service.tables.rows import Raw
from reward_service.tables.source import Source

BATCH = 256
"""Rows that are read together: evidence of another scoring may stand beside the texts."""
TEXTS, MESSAGES, LISTS, NUMBERS = "texts", "chat messages", "lists of texts", "whole numbers"
FITTING = {
    "prompt": (TEXTS, MESSAGES),
    "completion": (TEXTS, MESSAGES),
    "reference": (TEXTS,),
    "context": (LISTS, TEXTS),
    "id": (TEXTS, NUMBERS),
}
"""What a column may hold that holds a field of the wire.  Texts in place of passages hold them as JSON."""


class ParquetTable:
    """Rows of a Parquet file, read a few hundred at a time.

    Args:
        source: the bytes.
        keep: see `columns_of`.

    Raises:
        RequestError: the bytes are no Parquet file, or a column is missing, stands there twice or holds what
            can't be scored.
    """

    def __init__(self, source: Source, keep: Collection[str] = ()) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.source = source
        try:
            self._file: Any = pq.ParquetFile(source.again())
            self.schema: Any = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise RequestError(f"{self.name}: no Parquet file that can be read: {error}") from None
        names = self.schema.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise RequestError(f"{self.name}:{twice[0]}: the file has this column twice")
        self.columns = columns_of(names, self.name, keep)
        for field, column in self.columns.items():
            self._require_fitting(field, column)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Arrow's own types say it better; here it is enough that all columns are named."""
        return {field.name: Kind.JSON for field in self.schema}

    def raw(self, whole: bool) -> Iterator[Raw]:
        number = 0
        for batch in self.batches(BATCH, None if whole else list(self.columns.values())):
            for values in _plain(batch).to_pylist():
                number += 1
                place = f"{self.name}:row {number}"
                yield Raw(number, place, values, self._given(values, place), self.columns)

    def batches(self, size: int, columns: list[str] | None = None) -> Iterator[Any]:
        """All rows as record batches of Arrow, of so many rows at most, with some columns or with all.

        Raises:
            RequestError: the file is damaged.
        """
        import pyarrow as pa

        try:
            yield from self._file.iter_batches(batch_size=size, columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise RequestError(f"{self.name}: can't be read to its end: {error}") from None

    def _given(self, values: Mapping[str, Any], place: str) -> Mapping[str, Any]:
        column = self.columns.get("context")
        cell = values[column] if column is not None else None
        if not isinstance(cell, str):
            return values
        return {**values, str(column): passages(cell, f"{place}:{column}") if cell else None}

    def _require_fitting(self, field: str, column: str) -> None:
        import pyarrow as pa

        type_ = self.schema.field(column).type
        found = _content(type_)
        if found not in FITTING[field] and not pa.types.is_null(type_):
            raise RequestError(
                f"{self.name}:{column}: holds {type_}, where {' or '.join(FITTING[field])} are wanted",
                where=field,
            )


def _content(type_: Any) -> str | None:
    """What a column of this type holds, as far as fields of the wire may hold it."""
    from pyarrow import types

    if types.is_dictionary(type_):
        return _content(type_.value_type)
    if types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_):
        return TEXTS
    if types.is_integer(type_):
        return NUMBERS
    if types.is_list(type_) or types.is_large_list(type_):
        if types.is_struct(type_.value_type):
            return MESSAGES
        return LISTS if _content(type_.value_type) == TEXTS or types.is_null(type_.value_type) else None
    return None


def _plain(batch: Any) -> Any:
    """A batch whose dates, times and decimals are texts: JSON has none of them."""
    import pyarrow as pa
    from pyarrow import types

    columns = [
        column.cast(pa.string())
        if types.is_temporal(column.type) or types.is_decimal(column.type)
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def unfit_for_text(schema: Any) -> str | None:
    """The first column that holds bytes, which neither JSON nor CSV has a form for."""
    return next((field.name for field in schema if "binary" in str(field.type)), None)
