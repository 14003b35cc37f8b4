"""Questions with reference answers, and answers to them that a person wrote for calibration."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reward_service.errors import RequestError
from reward_service.jsonl import records, text
from reward_service.quality.thresholds import BY_HAND

_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Question:
    """A question and its reference answer; ``by_hand`` maps a kind of answer to one that a person wrote."""

    question: str
    answer: str
    by_hand: Mapping[str, str] = field(default_factory=dict)


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSON-lines file with ``instruction`` and ``response`` in every line.

    Raises:
        RequestError: a line is wrong, named by file, line and field, or there is none.
        OSError: the file can't be read.
    """
    found = []
    for _, place, record in records(path.read_bytes(), str(path)):
        answer = text(record, "response", place)
        if not _WORD.search(answer):
            raise RequestError(f"{place}:response: holds no words", where="response")
        found.append(Question(text(record, "instruction", place), answer))
    if not found:
        raise RequestError(f"{path} holds no question")
    return found


def with_answers(questions: Sequence[Question], path: Path) -> list[Question]:
    """The questions with the answers of a file: lines of ``instruction``, ``kind`` (``BY_HAND``), ``answer``.

    Each question may have one answer of each kind.

    Raises:
        RequestError: a line is wrong or answers none of the questions; named by file, line and field.
        OSError: the file can't be read.
    """
    answers: dict[str, dict[str, str]] = {question.question: {} for question in questions}
    for _, place, record in records(path.read_bytes(), str(path)):
        asked, kind = text(record, "instruction", place), text(record, "kind", place)
        if kind not in BY_HAND:
            raise RequestError(f"{place}:kind: {kind!r} is none of {', '.join(BY_HAND)}", where="kind")
        if asked not in answers:
            raise RequestError(
                f"{place}:instruction: none of the questions is {asked!r}", where="instruction"
            )
        if kind in answers[asked]:
            raise RequestError(f"{place}:kind: the question has a {kind} already", where="kind")
        answers[asked][kind] = text(record, "answer", place)
    return [replace(question, by_hand=answers[question.question]) for question in questions]


def drawn(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """At most ``count`` different questions: those with answers by hand first, then others by the seed.

    Raises:
        RequestError: these are fewer than two.
    """
    distinct: dict[str, Question] = {}
    for question in questions:
        distinct.setdefault(question.question, question)
    found = list(distinct.values())
    random.Random(f"questions:{seed}").shuffle(found)
    found.sort(key=lambda question: not question.by_hand)
    if min(count, len(found)) < 2:
        raise RequestError("at least two different questions are needed")
    return found[:count]
