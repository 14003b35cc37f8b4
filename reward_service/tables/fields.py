"""Which column of a row holds what, and the item that a row makes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from reward_service.api.failures import from_validation, printable
from reward_service.errors import RequestError
from shared.schema import ScoreItem

NAMES = {
    "prompt": ("prompt", "question", "instruction"),
    "completion": ("completion", "answer", "response"),
    "reference": ("reference",),
    "context": ("context",),
    "id": ("id",),
}
"""Field of the wire → the columns that may hold it.  Its own name goes before the others."""
NEEDED = ("prompt", "completion")
PARTNERS = {"question": "answer", "instruction": "response"}
"""The column beside which a completion is expected under which name."""
LIKENESS = 0.85
"""From which on (Ratcliff and Obershelp's ratio) a column looks like a misspelt field."""
SHOWN = 30

Columns = Mapping[str, str]
"""Field of the wire → the column that holds it."""


def columns_of(names: Collection[str], place: str, kept: Collection[str] = ()) -> Columns:
    """Which columns hold the fields of the wire.

    Args:
        names: of the columns that there are.
        place: of the header or of the row, for errors.
        kept: further columns that look like misspelt fields and aren't.

    Raises:
        RequestError: a column that is needed is missing, could be either of two, or is misspelt.
    """
    columns = {}
    for field, aliases in NAMES.items():
        there = [alias for alias in aliases if alias in names]
        if len(there) > 1 and field not in there:
            raise RequestError(
                f"{place}:{there[0]}: {' and '.join(there)} could both be the {field}; "
                f"call the one that is meant {field}",
                where=field,
            )
        if there:
            columns[field] = there[0]
    for field in NEEDED:
        if field not in columns:
            expected = PARTNERS.get(columns.get("prompt", ""), field) if field == "completion" else field
            raise RequestError(
                f"{place}:{expected}: is missing ({', '.join(NAMES[field])}); found: {_listed(names)}",
                where=field,
            )
    for name in names:
        meant = _misspelt(name, columns)
        if meant is not None and name not in kept:
            raise RequestError(
                f"{place}:{printable(name)}: did you mean {meant}? --keep {printable(name)} takes it for a "
                "further column",
                where=name,
            )
    return columns


def item_of(values: Mapping[str, Any], columns: Columns, place: str, identity: str) -> ScoreItem:
    """The item of a row.

    Args:
        values: by column, as JSON has them.
        columns: see `columns_of`.
        place: of the row, for errors.
        identity: its id where the row has none.

    Raises:
        RequestError: a value is of the wrong kind; names place and column.
    """
    given = {field: values.get(column) for field, column in columns.items()}
    for field in NEEDED:
        if given[field] is None:
            raise RequestError(f"{place}:{columns[field]}: is null, where a text is wanted", where=field)
    if isinstance(given.get("id"), int) and not isinstance(given["id"], bool):
        given["id"] = str(given["id"])
    if given.get("id") is None:
        given["id"] = identity
    try:
        return ScoreItem.model_validate(given)
    except ValidationError as invalid:
        said = from_validation(invalid.errors(include_url=False, include_input=False))
        raise RequestError(f"{place}:{renamed(said.message, columns)}", where=said.where) from None


def renamed(path: str, columns: Columns) -> str:
    """A path that begins with a field of the wire, beginning with the column that holds it."""
    field = path.partition(":")[0].partition(".")[0]
    return columns.get(field, field) + path.removeprefix(field)


def passages(cell: str, place: str) -> Any:
    """The passages in a cell of text, which holds them as JSON.

    Raises:
        RequestError: it doesn't.
    """
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise RequestError(
            f'{place}: must be a JSON list of texts, such as ["one passage", "another"]', where="context"
        )
    return value


def _misspelt(name: str, columns: Columns) -> str | None:
    """The field that a further column seems to mean, where no column holds that field."""
    if any(name in aliases for aliases in NAMES.values()):
        return None
    absent = [field for field in NAMES if field not in columns]
    return next(iter(difflib.get_close_matches(name, absent, n=1, cutoff=LIKENESS)), None)


def _listed(names: Collection[str]) -> str:
    shown = [printable(name) for name in list(names)[:SHOWN]]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (", ".join(shown) or "nothing") + more
