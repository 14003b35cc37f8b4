"""The questions of an evaluation, with the prompt that every policy gets."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.dataset.load import CuratedPair, DatasetError, GrpoRecord, Record, load_any
from trainer.dataset.transform import grpo_record
from trainer.evaluation.plan import HELD_OUT
from trainer.settings import SettingsError

NO_SYSTEM = "none"
SYSTEM_PROMPT = Path("training_data/system_prompt.txt")

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt that ends with a question, and the curated answer to it."""

    line: int
    """Where it stands in its file, from 1."""
    messages: Messages
    """`role` and `content`, as chat templates and endpoints take them."""
    reference: str

    @property
    def text(self) -> str:
        """The question alone."""
        return self.messages[-1]["content"]

    @property
    def key(self) -> str:
        """Names the question by the prompt, so that its answers are found again whatever its place."""
        said = json.dumps(self.messages, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """What is laid over the system prompts of a data set."""

    text: str | None
    """None leaves the system prompt out."""
    origin: str
    """Where it comes from, for the report."""


def load_questions(
    path: Path, *, system: SystemPrompt | None, limit: int | None, seed: int
) -> list[Question]:
    """Read questions of either schema (`data build` reads the one and writes the other).

    Args:
        path: curated pairs, or prompts with references as GRPO trains on them.
        system: replaces the system prompt; where it is None, GRPO records keep their own and curated pairs
            get the one that `data build` gives them.
        limit: how many are drawn; all where it is None or larger than there are.
        seed: of the draw.

    Returns:
        The questions in the order of their file.

    Raises:
        DatasetError: names file, line and field of the first bad record, or of a question that repeats.
        SettingsError: the usual system prompt can't be read.
    """
    if path == HELD_OUT and not path.exists():
        raise DatasetError(
            f"{path}: there is no such file; name held-out questions with --questions, or split them off "
            "your data before you train (`python -m trainer data split`)"
        )
    schema, records = load_any(path)
    if schema not in ("curated", "grpo"):
        raise DatasetError(
            f"{path}: holds {schema} records; questions with references are curated or GRPO ones"
        )
    usual = read_system(SYSTEM_PROMPT) if system is None and schema == "curated" else ""
    found: dict[str, Question] = {}
    for line, record in enumerate(records, start=1):
        messages, reference = _asked(record, usual)
        if system is not None:
            messages = _with_system(messages, system.text)
        question = Question(line, messages, reference)
        if (before := found.get(question.key)) is not None:
            raise DatasetError(f"{path}, line {line}: repeats line {before.line}; a question counts once")
        found[question.key] = question
    questions = list(found.values())
    if limit is None or limit >= len(questions):
        return questions
    return sorted(random.Random(seed).sample(questions, limit), key=lambda question: question.line)


def seen_in(path: Path, questions: Sequence[Question]) -> int | None:
    """How many of the questions a data set asks too, word for word; None where it isn't here.

    Raises:
        DatasetError: it is here, but no data set.
    """
    if not path.is_file():
        return None
    _, records = load_any(path)
    asked = {_asked(record, "")[0][-1]["content"] for record in records}
    return sum(question.text in asked for question in questions)


def read_system(path: Path) -> str:
    """The text of a system prompt's file.

    Raises:
        SettingsError: it can't be read, or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--system-prompt {path}: can't be read as UTF-8 text: {error}") from error
    if not text:
        raise SettingsError(f"--system-prompt {path}: is empty; `{NO_SYSTEM}` leaves the system prompt out")
    return text


def _asked(record: Record, usual: str) -> tuple[Messages, str]:
    if isinstance(record, CuratedPair):  # just as `data build` makes a prompt of it
        built = grpo_record(record, usual)
        return built["prompt"], built["reference"]
    assert isinstance(record, GrpoRecord)
    return [message.model_dump() for message in record.prompt], record.reference.strip()


def _with_system(messages: Messages, text: str | None) -> Messages:
    others = [message for message in messages if message["role"] != "system"]
    return others if text is None else [{"role": "system", "content": text}, *others]
