"""The sentences that a load is made of: questions, their answers, and other people's answers to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUESTIONS = Path("training_data/curated_qa.jsonl")
ANSWERS = Path("training_data/answer_variants.jsonl")
"""Further answers to some of the questions: paraphrases, fluent reversals, hollow ones."""

_ASKED = ("instruction", "question", "prompt")
_ANSWERED = ("response", "answer", "reference")
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\s[A-Z]\.)\s+(?=[A-Z])")  # not behind an initial


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its reference answer, and what else was written about it."""

    text: str
    reference: str
    variants: Mapping[str, Sequence[str]]
    """Kind of answer → its sentences; empty where nobody wrote any."""

    @property
    def own(self) -> list[str]:
        """The sentences of the reference."""
        return sentences(self.reference)


@dataclass(frozen=True, slots=True)
class Material:
    """Questions in the order of their file, in which neighbours have related subjects."""

    questions: Sequence[Question]


def read_material(path: Path, answers: Path | None = None) -> Material:
    """Read questions and answers.

    Args:
        path: JSONL; each line holds a question (`instruction`, `question` or `prompt`) and its answer
            (`response`, `answer` or `reference`).
        answers: JSONL with `instruction`, `kind` and `answer`: further answers to some of these questions.

    Raises:
        ValueError: names the line that lacks a question or an answer.
        OSError: a file can't be read.
    """
    variants: dict[str, dict[str, Sequence[str]]] = {}
    if answers is not None and answers.is_file():
        for _, row in _rows(answers):
            variants.setdefault(row["instruction"], {})[row["kind"]] = sentences(row["answer"])
    found: dict[str, Question] = {}
    for number, row in _rows(path):
        question, answer = _text(row, _ASKED), _text(row, _ANSWERED)
        if not question or not answer:
            raise ValueError(
                f"{path}, line {number}: needs one of {', '.join(_ASKED)} and one of {', '.join(_ANSWERED)}"
            )
        found.setdefault(question, Question(question, answer, variants.get(question, {})))
    if not found:
        raise ValueError(f"{path} holds no question")
    return Material(tuple(found.values()))


def sentences(text: str) -> list[str]:
    """The sentences of well-punctuated prose."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def words(text: str) -> int:
    """Words between white space."""
    return len(text.split())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: must be a JSON object")
            yield number, row


def _text(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these fields that holds text."""
    return next((row[name].strip() for name in names if isinstance(row.get(name), str)), "")
