"""Loads JSONL data sets and says exactly what is wrong with a bad one: file, line and field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from trainer.dataset import chatml


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


class Record(BaseModel):
    """One line of a data set; unknown fields are errors, since they may be misspelt ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CuratedPair(Record):
    """A question with its curated answer."""

    instruction: Text
    response: Text
    source: str | None = None


class PromptMessage(Record):
    """A message of a prompt, as chat templates have it."""

    role: Literal["system", "user", "assistant"]
    content: Text


class GrpoRecord(Record):
    """What GRPO trains on: a prompt that ends with the user's question, and the reference for its rewards."""

    prompt: list[PromptMessage] = Field(min_length=1)
    reference: Text

    @field_validator("prompt")
    @classmethod
    def _ends_with_a_question(cls, prompt: list[PromptMessage]) -> list[PromptMessage]:
        if prompt[-1].role != "user":
            raise ValueError("must end with a message of the user")
        return prompt


class QwenRecord(Record):
    """A whole conversation in ChatML, for supervised training; it ends with the assistant's answer."""

    text: Text

    @field_validator("text")
    @classmethod
    def _is_chatml(cls, text: str) -> str:
        roles = [role for role, _ in chatml.parse(text)]
        if roles[-2:] != ["user", "assistant"]:
            raise ValueError("must end with a question of the user and the assistant's answer")
        return text


About = Literal["topic", "passage"]
"""Whether a question stands alone, or makes sense only together with its passage."""


class QuestionRecord(Record):
    """A question about a passage, without an answer, as `python -m trainer data questions` writes it."""

    instruction: Text
    about: About
    template: str
    article_title: str
    author: str | None
    author_guessed: bool
    section: str | None
    text: Text
    line: int


SCHEMAS: dict[str, type[Record]] = {
    "curated": CuratedPair,
    "grpo": GrpoRecord,
    "qwen": QwenRecord,
    "questions": QuestionRecord,
}

RecordT = TypeVar("RecordT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line; `field` is None where the line as a whole is wrong."""

    field: str | None
    message: str

    def __str__(self) -> str:
        return self.message if self.field is None else f"field {self.field}: {self.message}"


class BadRecord(ValueError):
    """A line holds no record of the schema."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


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


def load_any(path: Path) -> tuple[str, Sequence[Record]]:
    """A data set of any schema, told apart by its first record.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    schema = schema_of(read_lines(path)[0])
    return schema, load_jsonl(path, SCHEMAS[schema])


def schema_of(line: bytes) -> str:
    """The schema that a line's fields speak of; `curated` where they say nothing; loading complains."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return "curated"
    if not isinstance(fields, dict):
        return "curated"
    if "prompt" in fields:
        return "grpo"
    if "template" in fields:
        return "questions"
    return "qwen" if "text" in fields and "instruction" not in fields else "curated"


def load_jsonl(path: Path, schema: type[RecordT]) -> list[RecordT]:
    """One record for each line.

    Raises:
        DatasetError: names file, line and field of the first bad record; also for an empty file.
    """
    records = []
    for number, line in enumerate(read_lines(path), start=1):
        try:
            records.append(parse_line(line, schema))
        except BadRecord as error:
            raise DatasetError(f"{path}, line {number}: {error.problems[0]}") from error
    return records


def read_lines(path: Path) -> list[bytes]:
    """The lines of a file, without their line feeds; at least one.

    Raises:
        DatasetError: the file can't be read, or is empty.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: can't be read: {error.strerror}") from error
    if not raw:
        raise DatasetError(f"{path}: holds no records")
    return raw.removesuffix(b"\n").split(b"\n")


def parse_line(line: bytes, schema: type[RecordT]) -> RecordT:
    """The record of a line.

    Raises:
        BadRecord: with everything that is wrong with it.
    """
    if not line.strip():
        raise BadRecord([Problem(None, "is blank; every line holds one record")])
    try:
        values = json.loads(line.decode("utf-8"), object_pairs_hook=_without_repetition)
    except UnicodeDecodeError as error:
        raise BadRecord([Problem(None, f"byte {error.start + 1} is not UTF-8")]) from error
    except _RepeatedField as error:
        raise BadRecord([Problem(str(error), "stands there twice")]) from error
    except ValueError as error:
        raise BadRecord([Problem(None, f"is no JSON: {error}")]) from error
    except RecursionError as error:
        raise BadRecord([Problem(None, "is nested too deeply")]) from error
    if not isinstance(values, dict):
        raise BadRecord([Problem(None, "is no JSON object")])
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise BadRecord(
            [_problem(detail["loc"], detail["type"], detail["msg"]) for detail in details]
        ) from error


def _problem(place: Iterable[int | str], kind: str, message: str) -> Problem:
    what = {"missing": "is missing", "extra_forbidden": "is unknown"}.get(kind, message)
    return Problem(".".join(map(str, place)), what.removeprefix("Value error, "))


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
