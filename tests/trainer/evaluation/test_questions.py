"""The questions, and the prompt that every policy gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.evaluation.conftest import QUESTIONS, SYSTEM, grpo_line, write_lines
from trainer.dataset.load import DatasetError, load_grpo
from trainer.dataset.transform import REASONING
from trainer.evaluation.plan import HELD_OUT
from trainer.evaluation.questions import SystemPrompt, load_questions, read_system, seen_in
from trainer.settings import SettingsError


def test_grpo_records_keep_their_prompt(questions: Path) -> None:
    found = load_questions(questions, system=None, limit=None, seed=1)
    assert [each.messages[0]["content"] for each in found] == [SYSTEM] * len(QUESTIONS)
    assert [(each.text, each.reference) for each in found] == list(QUESTIONS)


def test_curated_pairs_are_asked_as_data_build_asks_them(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    folder = root / "training_data"
    found = load_questions(folder / "curated_qa.jsonl", system=None, limit=None, seed=1)
    built = load_grpo(folder / "grpo_dataset.jsonl")
    assert [each.messages for each in found] == [
        [message.model_dump() for message in record.prompt] for record in built
    ]
    assert found[0].messages[0]["content"].endswith(REASONING)


def test_a_system_prompt_replaces_or_leaves_out(questions: Path) -> None:
    other = load_questions(questions, system=SystemPrompt("Rhyme.", "a file"), limit=1, seed=1)
    assert [each["content"] for each in other[0].messages] == ["Rhyme.", other[0].text]
    none = load_questions(questions, system=SystemPrompt(None, "none"), limit=1, seed=1)
    assert [each["role"] for each in none[0].messages] == ["user"]
    assert other[0].key != none[0].key


def test_the_draw_is_seeded_and_keeps_the_order(questions: Path) -> None:
    lines = [
        [each.line for each in load_questions(questions, system=None, limit=2, seed=seed)]
        for seed in (1, 1, 2, 3, 4)
    ]
    assert lines[0] == lines[1]
    assert all(len(each) == 2 and each == sorted(each) for each in lines)
    assert len({tuple(each) for each in lines}) > 1
    assert len(load_questions(questions, system=None, limit=99, seed=1)) == len(QUESTIONS)


def test_a_question_that_repeats_is_an_error(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "q.jsonl", [grpo_line(*QUESTIONS[0]), grpo_line(*QUESTIONS[1]),
                                              grpo_line(*QUESTIONS[0])])  # fmt: skip
    with pytest.raises(DatasetError, match="line 3: repeats line 1"):
        load_questions(path, system=None, limit=None, seed=1)


def test_a_bad_record_is_named(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "q.jsonl", [grpo_line(*QUESTIONS[0]), {"prompt": [], "reference": "x"}])
    with pytest.raises(DatasetError, match=r"q\.jsonl, line 2: field prompt"):
        load_questions(path, system=None, limit=None, seed=1)


def test_records_without_references_are_refused(root: Path) -> None:
    with pytest.raises(DatasetError, match="holds qwen records"):
        load_questions(
            root / "training_data" / "formatted" / "train_qwen.jsonl", system=None, limit=None, seed=1
        )


def test_without_held_out_questions_it_says_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="data split"):
        load_questions(HELD_OUT, system=None, limit=None, seed=1)


def test_questions_that_were_trained_on_are_counted(root: Path, questions: Path, tmp_path: Path) -> None:
    asked = load_questions(questions, system=None, limit=None, seed=1)
    trained = write_lines(
        tmp_path / "trained.jsonl", [grpo_line(q, "Another answer.") for q, _ in QUESTIONS[:3]]
    )
    assert seen_in(trained, asked) == 3
    assert seen_in(root / "training_data" / "curated_qa.jsonl", asked) == 0
    assert seen_in(tmp_path / "gone.jsonl", asked) is None


def test_an_empty_system_prompt_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    for name, says in (("empty.txt", "is empty"), ("missing.txt", "can't be read")):
        with pytest.raises(SettingsError, match=says):
            read_system(tmp_path / name)
