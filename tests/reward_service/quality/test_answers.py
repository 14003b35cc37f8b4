"""Questions and the answers that a person wrote to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reward_service.errors import RequestError
from reward_service.quality.answers import Question, read_questions, with_answers


def write(path: Path, *lines: dict[str, str]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_answers_by_hand_join_their_question(tmp_path: Path) -> None:
    file = write(
        tmp_path / "qa.jsonl",
        {"instruction": "What is rent?", "response": "A share."},
        {"instruction": "What is profit?", "response": "Another.", "source": "x"},
    )
    hand = write(
        tmp_path / "hand.jsonl",
        {"instruction": "What is rent?", "kind": "hollow", "answer": "Good question."},
    )
    assert with_answers(read_questions(file), hand) == [
        Question("What is rent?", "A share.", {"hollow": "Good question."}),
        Question("What is profit?", "Another."),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            {"instruction": "What is rent?", "kind": "self", "answer": "x"},
            "hand.jsonl:1:kind: 'self' is none of",
        ),
        (
            {"instruction": "What is love?", "kind": "hollow", "answer": "x"},
            "hand.jsonl:1:instruction: none of",
        ),
        ({"instruction": "What is rent?", "kind": "hollow"}, "hand.jsonl:1:answer: is missing"),
    ],
)
def test_a_bad_answer_is_named(tmp_path: Path, line: dict[str, str], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        with_answers([Question("What is rent?", "A share.")], write(tmp_path / "hand.jsonl", line))


def test_a_bad_question_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"qa.jsonl:1:response: is missing"):
        read_questions(write(tmp_path / "qa.jsonl", {"instruction": "What is rent?"}))


def test_a_second_answer_of_a_kind_is_refused(tmp_path: Path) -> None:
    line = {"instruction": "What is rent?", "kind": "hollow", "answer": "x"}
    with pytest.raises(RequestError, match=r"hand.jsonl:2:kind: the question has a hollow already"):
        with_answers([Question("What is rent?", "A share.")], write(tmp_path / "hand.jsonl", line, line))


def test_a_reference_without_words_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "qa.jsonl", {"instruction": "What is rent?", "response": "—"})
    with pytest.raises(RequestError, match=r"qa.jsonl:1:response: holds no words"):
        read_questions(file)
