"""Loads JSONL data sets and says exactly what is wrong with a bad one: file, line and field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator


class DatasetError(ValueError):
    """A data set can't be used; the message names file, line and field of the first bad record."""


def _plain_text(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if "\0" in text:
        raise ValueError("holds a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half of a surrogate pair, which is no character")
    return text


Text = Annotated[str, AfterValidator(_plain_text)]
"""Not empty, and possible to send as UTF-8."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CuratedPair(_Record):
    """A question with its curated answer."""

    instruction: Text
    response: Text
    source: str | None = None


class PromptMessage(_Record):
    """A message of a prompt, as chat templates have it."""

    role: Literal["system", "user", "assistant"]
    content: Text


class GrpoRecord(_Record):
    """What GRPO trains on: a prompt that ends with the user's question, and the reference for its rewards."""

    prompt: list[PromptMessage] = Field(min_length=1)
    reference: Text

    @field_validator("prompt")
    @classmethod
    def _ends_with_a_question(cls, prompt: list[PromptMessage]) -> list[PromptMessage]:
        if prompt[-1].role != "user":
            raise ValueError("must end with a message of the user")
        return prompt


RecordT = TypeVar("RecordT", bound=BaseModel)


def load_curated(path: Path) -> list[CuratedPair]:
    """Question–answer pairs: `instruction`, `response` and, where known, `source`.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    return load_jsonl(path, CuratedPair)


def load_grpo(path: Path) -> list[GrpoRecord]:
    """Prompts with references, as `python -m trainer data build` writes them.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    return load_jsonl(path, GrpoRecord)


def load_any(path: Path) -> tuple[str, list[CuratedPair] | list[GrpoRecord]]:
    """A data set of either schema, told apart by its first record: a `prompt` makes it a GRPO one."""
    try:
        with path.open(encoding="utf-8") as file:
            first = json.loads(file.readline())
        grpo = isinstance(first, dict) and "prompt" in first
    except (OSError, ValueError):
        grpo = False  # loading it names what is wrong
    return ("grpo", load_grpo(path)) if grpo else ("curated", load_curated(path))


def load_jsonl(path: Path, schema: type[RecordT]) -> list[RecordT]:
    """One record for each line.

    Raises:
        DatasetError: names file, line and field of the first bad record; also for an empty file.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: can't be read: {error.strerror}") from error
    lines = raw.removesuffix(b"\n").split(b"\n") if raw else []
    if not lines:
        raise DatasetError(f"{path}: holds no records")
    return [
        _record(line, schema, where=f"{path}, line {number}") for number, line in enumerate(lines, start=1)
    ]


def _record(line: bytes, schema: type[RecordT], where: str) -> RecordT:
    if not line.strip():
        raise DatasetError(f"{where}: is blank; every line holds one record")
    try:
        values = json.loads(line.decode("utf-8"), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError as error:
        raise DatasetError(f"{where}: byte {error.start + 1} is not UTF-8") from error
    except _RepeatedField as error:
        raise DatasetError(f"{where}: field {error}: stands there twice") from error
    except ValueError as error:
        raise DatasetError(f"{where}: is no JSON: {error}") from error
    except RecursionError as error:
        raise DatasetError(f"{where}: is nested too deeply") from error
    if not isinstance(values, dict):
        raise DatasetError(f"{where}: is no JSON object")
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in detail["loc"])
        what = {"missing": "is missing", "extra_forbidden": "is unknown"}.get(detail["type"], detail["msg"])
        raise DatasetError(f"{where}: field {field}: {what.removeprefix('Value error, ')}") from error


class _RepeatedField(ValueError):
    pass


def _without_repetition(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would keep the last of two equal names and lose the first without a word."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise _RepeatedField(name)
        values[name] = value
    return values
