"""Answers are kept as they come, found again by all that decides them, and read from files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.evaluation.conftest import QUESTIONS, write_lines
from trainer.dataset.load import DatasetError
from trainer.evaluation.answers import AnswerFile, answer_to, given_answers, tasks_of
from trainer.evaluation.form import form_of
from trainer.evaluation.plan import Sampling
from trainer.evaluation.questions import Question
from trainer.settings import SettingsError

SAMPLING = Sampling(samples=2, temperature=1.0, top_p=1.0, max_tokens=8, seed=1)
ASKED = [
    Question(line, [{"role": "user", "content": question}], reference)
    for line, (question, reference) in enumerate(QUESTIONS, start=1)
]


def test_all_that_decides_an_answer_decides_its_key() -> None:
    keys = {task.key for task in tasks_of(ASKED, "a", SAMPLING)}
    assert len(keys) == 2 * len(ASKED)
    for changed in ({"temperature": 0.5}, {"seed": 2}, {"max_tokens": 9}, {"top_p": 0.5}):
        others = tasks_of(ASKED, "a", dataclasses.replace(SAMPLING, **changed))
        assert not keys & {task.key for task in others}
    assert not keys & {task.key for task in tasks_of(ASKED, "b", SAMPLING)}
    assert keys < {task.key for task in tasks_of(ASKED, "a", dataclasses.replace(SAMPLING, samples=3))}


def test_what_was_kept_is_there_again_and_a_torn_line_is_not(tmp_path: Path) -> None:
    path, tasks = tmp_path / "answers.jsonl", tasks_of(ASKED, "a", SAMPLING)
    with AnswerFile(path) as file:
        file.add([answer_to(task, f"{task.sample} «ü»") for task in tasks[:3]])
    with path.open("ab") as raw:
        raw.write(b'{"key": "half a li')  # what a kill leaves
    with AnswerFile(path) as file:
        assert file.lacking(tasks) == tasks[3:]
        assert file.answers[tasks[1].key].text == "1 «ü»"
        file.add([answer_to(task, "new") for task in tasks])
    with AnswerFile(path) as file:
        assert file.lacking(tasks) == []
        assert file.answers[tasks[0].key].text == "0 «ü»"  # the first answer stays
    assert len(path.read_text("utf-8").splitlines()) == len(tasks)


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"key": "a"}\n')
    with (
        pytest.raises(DatasetError, match=r"answers\.jsonl, line 1: field line: is missing"),
        AnswerFile(path),
    ):
        pass


def test_answers_from_a_file(tmp_path: Path) -> None:
    tasks = tasks_of(ASKED[:2], "a", SAMPLING)
    lines: list[dict[str, Any]] = [
        {"question": ASKED[1].text, "text": "one"},
        {"instruction": ASKED[0].text, "answer": "two", "kind": "whatever"},
        {"question": f" {ASKED[1].text}\n", "text": "three", "cut_off": True},
        {"question": ASKED[0].text, "text": "four"},
    ]
    path = write_lines(tmp_path / "given.jsonl", [*lines, {"question": "Not asked?", "text": "five"}])
    answers = given_answers(path, tasks, samples=2)
    assert [answer.text for answer in answers] == ["two", "four", "one", "three"]
    assert [answer.cut_off for answer in answers] == [None, None, None, True]


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_file_with_too_few_or_too_many_answers_is_an_error(tmp_path: Path, times: int) -> None:
    lines = [{"question": ASKED[1].text, "text": "x"}] * 2 + [
        {"question": ASKED[0].text, "text": "x"}
    ] * times
    path = write_lines(tmp_path / "given.jsonl", lines)
    with pytest.raises(DatasetError, match=rf"has {times} answers, and --samples is 2, .*line 1 of"):
        given_answers(path, tasks_of(ASKED[:2], "a", SAMPLING), samples=2)


def test_form() -> None:
    task = tasks_of(ASKED, "a", SAMPLING)[0]
    form = form_of(
        [
            answer_to(task, "<think>one two three</think> four five", cut_off=False, tokens=9, seconds=1.0),
            answer_to(task, "<think>never ends", cut_off=True, tokens=3, seconds=3.0),
            answer_to(task, "six"),
        ]
    )
    assert form["answers"] == 3
    assert form["words"] == {"mean": 1.0, "median": 1, "least": 0, "most": 2}
    assert form["reasoning_words"]["mean"] == 2.5
    assert (form["tokens"]["mean"], form["seconds"]["most"]) == (6.0, 3.0)
    assert (form["cut_off"], form["empty"]) == (0.5, pytest.approx(1 / 3))  # cut off: of those that tell
    assert (form["with_reasoning"], form["well_formed"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"samples": 0}, "--samples: must be at least 1"),
        ({"temperature": 0.0}, "--samples 2: greedy samples are all alike"),
        ({"temperature": -1.0}, "--temperature"),
        ({"temperature": float("nan")}, "--temperature"),
        ({"top_p": 0.0}, "--top-p"),
        ({"max_tokens": 0}, "--max-tokens"),
        ({"seed": -1}, "--seed"),
    ],
)
def test_bad_sampling_names_the_option(changed: dict[str, float], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        dataclasses.replace(SAMPLING, **changed)  # type: ignore[arg-type]
