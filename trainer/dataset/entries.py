"""The records of every schema in one view: a question and, where there is one, its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainer.dataset import chatml
from trainer.dataset.load import CuratedPair, GrpoRecord, QuestionRecord, QwenRecord, Record, load_any


@dataclass(frozen=True, slots=True)
class Entry:
    """One record."""

    line: int
    """Counted from 1."""
    question: str
    answer: str | None
    """None where the schema has none."""
    question_field: str
    answer_field: str
    origin: Mapping[str, str] = field(default_factory=dict)
    """Where it comes from: the fields `source`, `article_title`, `author`, as far as the record has them."""

    passage: str | None = None
    """What the question is about, where it makes no sense alone."""

    @property
    def asked(self) -> str:
        """What makes the question another one than its neighbours: with its passage, where it needs that."""
        return self.question if self.passage is None else f"{self.question}\n{self.passage}"

    def texts(self) -> tuple[tuple[str, str], ...]:
        """Field and text of the question and, where there is one, of the answer."""
        question = (self.question_field, self.question)
        return (question,) if self.answer is None else (question, (self.answer_field, self.answer))


def load_entries(path: Path) -> tuple[str, list[Entry]]:
    """Schema and entries of a data set.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    schema, records = load_any(path)
    return schema, entries_of(records)


def entries_of(records: Sequence[Record]) -> list[Entry]:
    """One entry for each record, in order; lines are counted from 1."""
    return [entry_of(line, record) for line, record in enumerate(records, start=1)]


def entry_of(line: int, record: Record) -> Entry:
    """The view of one record.

    Raises:
        TypeError: it is of a schema that this module does not know.
    """
    match record:
        case CuratedPair():
            origin = {"source": record.source} if record.source else {}
            return Entry(line, record.instruction, record.response, "instruction", "response", origin)
        case GrpoRecord():
            last = len(record.prompt) - 1
            question = record.prompt[last].content
            return Entry(line, question, record.reference, f"prompt.{last}.content", "reference")
        case QwenRecord():
            (_, question), (_, answer) = chatml.parse(record.text)[-2:]
            return Entry(line, question, answer, "text (user)", "text (assistant)")
        case QuestionRecord():
            origin = {"article_title": record.article_title}
            if record.author:
                origin["author"] = record.author
            passage = record.text if record.about == "passage" else None
            return Entry(line, record.instruction, None, "instruction", "", origin, passage)
    raise TypeError(f"{type(record).__name__} is no record of a data set")
