"""The first reading of a table: every row is checked before anything is scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reward_service.api.convert import CONTEXT_TEXTS, sample
from reward_service.api.failures import printable
from reward_service.errors import RequestError, TextTooLong
from reward_service.tables.fields import Columns
from reward_service.tables.kinds import Kind, joined, kind_of
from reward_service.tables.rows import Row, Table, rows
from shared.schema import Limits

ANY_LENGTH = Limits(max_items=1, max_text_chars=2**62, max_body_bytes=2**62)
TOGETHER = "passages"
"""All passages of a row; the wire allows them more than a single text."""


@dataclass(slots=True)
class Survey:
    """What the rows of a table are like, without the rows."""

    digests: list[bytes] = field(default_factory=list)
    """Of each row, in order."""
    kinds: dict[str, Kind | None] = field(default_factory=dict)
    """Column → what it holds; None where all is null.  In the order in which the columns came up."""
    columns: Columns | None = None
    """Field of the wire → its column, where that is the same in all rows."""
    longest: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Field of the wire → characters of its longest text, and where that is."""

    def __len__(self) -> int:
        return len(self.digests)

    @property
    def digest(self) -> str:
        """Of all rows and their order."""
        return hashlib.sha256(b"".join(self.digests)).hexdigest()

    def require_within(self, limits: Limits) -> None:
        """Raise where a text is longer than what scores takes.

        Raises:
            TextTooLong: names the row, with the longest text of its field.
        """
        for name, (characters, place) in self.longest.items():
            allowed = limits.max_text_chars * (CONTEXT_TEXTS if name == TOGETHER else 1)
            if characters > allowed:
                raise TextTooLong(f"{place}: has {characters} characters, {allowed} are allowed", where=name)


def survey(
    table: Table, taken: Callable[[str], bool] = lambda _: False, *, encodable: bool = False
) -> Survey:
    """Read a table and check every row.

    Args:
        table: what is to be scored.
        taken: whether the result will have a column of this name, so that the table must not.
        encodable: whether what is written must be UTF-8, which has no lone surrogates.

    Raises:
        RequestError: a row is wrong, two have the same id, a column is in the way, or there is no row; names
            the place.
    """
    found = Survey(kinds=dict(table.kinds or {}))
    places: dict[str, str] = {}
    every_columns: list[Columns] = []
    for row in rows(table):
        identity = row.item.id or ""
        if identity in places:
            raise RequestError(
                f"{row.place}:{row.columns.get('id', 'id')}: {places[identity]} has the same id {identity!r}",
                where="id",
            )
        places[identity] = row.place
        found.digests.append(row.digest)
        _measure(row, found.longest)
        if row.columns not in every_columns:
            every_columns.append(row.columns)
        if table.kinds is None:
            for column, value in row.values.items():
                found.kinds[column] = joined(found.kinds.get(column), kind_of(value))
        if encodable:
            _require_encodable(row.values, row.place)
    if not found.digests:
        raise RequestError(f"{table.name} holds no line to score")
    in_the_way = [column for column in found.kinds if taken(column)]
    if in_the_way:
        raise RequestError(
            f"{table.name}: has {', '.join(map(printable, in_the_way))} already, which the results are to be "
            "called; --replace gives up what is there",
            where=in_the_way[0],
        )
    found.columns = every_columns[0] if len(every_columns) == 1 else None
    return found


def _measure(row: Row, longest: dict[str, tuple[int, str]]) -> None:
    """Note the lengths of a row's texts; a conversation without question or answer is an error."""
    prompt, completion = row.columns["prompt"], row.columns["completion"]
    try:
        read = sample(row.item, "", ANY_LENGTH, prompt=prompt, completion=completion)
    except RequestError as error:
        raise RequestError(f"{row.place}:{error.message}", where=error.where) from None
    context = row.columns.get("context", "context")
    lengths = [
        ("prompt", len(read.question), prompt),
        ("completion", len(read.completion.text), completion),
        ("reference", len(read.reference or ""), "reference"),
        *(("context", len(text), f"{context}.{index}") for index, text in enumerate(read.passages)),
        (TOGETHER, sum(map(len, read.passages)), context),
    ]
    for name, characters, column in lengths:
        if characters > longest.get(name, (0, ""))[0]:
            longest[name] = characters, f"{row.place}:{column}"


def _require_encodable(values: Mapping[str, Any], place: str) -> None:
    for column, value in values.items():
        try:
            json.dumps({column: value}, ensure_ascii=False, default=str).encode("utf-8")
        except UnicodeEncodeError:
            raise RequestError(
                f"{place}:{printable(column)}: holds a lone surrogate, which JSONL alone can write",
                where=column,
            ) from None
