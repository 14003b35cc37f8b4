"""What policies answered, kept in a file as it comes, so that a run that broke off loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from trainer.dataset.load import DatasetError, load_jsonl
from trainer.evaluation.plan import Sampling
from trainer.evaluation.questions import Question


@dataclass(frozen=True, slots=True)
class Task:
    """One answer that is wanted."""

    question: Question
    sample: int
    """Which of the question's answers, from 0."""
    key: str
    """Names the answer by all that decides it: policy, prompt, sampling, sample."""

    @property
    def seed(self) -> int:
        """Of this answer alone, where an endpoint takes one: 0 … 2³¹ − 1."""
        return int(self.key[:8], 16) & 0x7FFFFFFF


class Answer(BaseModel):
    """A line of `answers-….jsonl`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: str
    line: int
    """The question's place in its file."""
    question: str
    sample: int
    text: str
    """As the policy gave it: reasoning between `<think>` and `</think>`, then the answer."""
    cut_off: bool | None
    """Whether it ended at the most tokens; None where that isn't known."""
    tokens: int | None
    """Generated, where that is known."""
    seconds: float | None
    """Generating took; of a batch, its share.  None where nothing was generated."""


def answer_to(
    task: Task,
    text: str,
    *,
    cut_off: bool | None = None,
    tokens: int | None = None,
    seconds: float | None = None,
) -> Answer:
    """The answer to a task; half of a surrogate pair, which is no character, becomes U+FFFD."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return Answer(
        key=task.key,
        line=task.question.line,
        question=task.question.text,
        sample=task.sample,
        text=whole,
        cut_off=cut_off,
        tokens=tokens,
        seconds=None if seconds is None else round(seconds, 3),
    )


def tasks_of(questions: Sequence[Question], identity: str, sampling: Sampling) -> list[Task]:
    """The answers that a policy owes, question by question."""
    settings = json.dumps([identity, {**asdict(sampling), "samples": None}], sort_keys=True)
    return [
        Task(question, sample, _hash(f"{settings}\n{question.key}\n{sample}"))
        for question in questions
        for sample in range(sampling.samples)
    ]


class AnswerFile:
    """The answers of one policy: those of earlier runs are read, new ones are added at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}
        """By key."""

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        drop_torn_line(self.path)
        if self.path.exists() and self.path.stat().st_size:
            self.answers = {answer.key: answer for answer in load_jsonl(self.path, Answer)}
        self._file = self.path.open("a", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, answers: Iterable[Answer]) -> None:
        """Write answers that aren't there yet; on return they are on the disk."""
        new = {answer.key: answer for answer in answers if answer.key not in self.answers}
        self._file.write("".join(f"{answer.model_dump_json()}\n" for answer in new.values()))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.answers |= new

    def lacking(self, tasks: Iterable[Task]) -> list[Task]:
        """The tasks without an answer."""
        return [task for task in tasks if task.key not in self.answers]


class Given(BaseModel):
    """A line of `answers:FILE`: an answer that was generated elsewhere, or a line of our own files."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    question: str = Field(validation_alias=AliasChoices("question", "instruction"))
    text: str = Field(validation_alias=AliasChoices("text", "answer"))
    cut_off: bool | None = None
    tokens: int | None = None
    seconds: float | None = None


def given_answers(path: Path, tasks: Sequence[Task], samples: int) -> list[Answer]:
    """Answers out of a file; a question's lines are its samples, in their order.

    Raises:
        DatasetError: a bad line, or a question without exactly so many answers.
    """
    by_question: dict[str, list[Given]] = {}
    for given in load_jsonl(path, Given):
        by_question.setdefault(given.question.strip(), []).append(given)
    found = []
    for task in tasks:
        here = by_question.get(task.question.text.strip(), [])
        if len(here) != samples:
            raise DatasetError(
                f"{path}: has {len(here)} answers, and --samples is {samples}, to the question "
                f"{task.question.text!r:.120} (line {task.question.line} of the questions)"
            )
        given = here[task.sample]
        found.append(
            answer_to(task, given.text, cut_off=given.cut_off, tokens=given.tokens, seconds=given.seconds)
        )
    return found


def drop_torn_line(path: Path) -> None:
    """Cut off the piece of a line that a kill has left at the end of a file, if there is one."""
    if not path.exists():
        return
    raw = path.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with path.open("r+b") as file:
            file.truncate(whole)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
