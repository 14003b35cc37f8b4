"""Reads the JSONL files that `score` takes, and says file, line and field of what is wrong."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from reward_service.api.failures import from_validation
from reward_service.errors import RequestError
from reward_service.jsonl import records
from shared.schema import ScoreItem


class QuestionAnswer(BaseModel):
    """A line of a curated data set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    instruction: str
    response: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One item and where it stands."""

    place: str
    """`file:line`."""
    item: ScoreItem


def read_lines(path: Path) -> list[Line]:
    """Every line of a JSONL file as an item; blank lines are left out, and ids default to the line's number.

    Args:
        path: the file; `-` for the standard input.

    Raises:
        RequestError: the first bad line, as `file:line:field: message`.
        OSError: the file can't be read.
    """
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    lines = []
    first_with: dict[str, str] = {}
    for number, place, record in records(data, str(path)):
        item = _item(record, place)
        identity = item.id if item.id is not None else str(number)
        if identity in first_with:
            raise RequestError(f"{place}:id: {first_with[identity]} has the same id {identity!r}")
        first_with[identity] = place
        lines.append(Line(place, item.model_copy(update={"id": identity})))
    if not lines:
        raise RequestError(f"{path} holds no line to score")
    return lines


def _item(value: dict[str, Any], place: str) -> ScoreItem:
    try:
        if "instruction" in value:
            pair = QuestionAnswer.model_validate(value)
            return ScoreItem(
                id=pair.id, prompt=pair.instruction, completion=pair.response, reference=pair.reference
            )
        return ScoreItem.model_validate(value)
    except ValidationError as invalid:
        said = from_validation(invalid.errors(include_url=False, include_input=False))
        raise RequestError(f"{place}:{said.message}", where=said.where) from None
