"""Curated pairs become the training formats, the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainer.cli import main
from trainer.dataset.load import DatasetError, load_curated, load_grpo
from trainer.dataset.transform import build

PAIRS = [
    {"instruction": "What is value?", "response": "Congealed labour.\nSee Capital.", "source": "Capital"},
    {"instruction": "Wer ist Engels? 🙂", "response": "Ein Freund von Marx."},
]


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in PAIRS), encoding="utf-8")
    return path


@pytest.fixture
def system(tmp_path: Path) -> Path:
    path = tmp_path / "system.txt"
    path.write_text("You teach.\n", encoding="utf-8")
    return path


def test_build_keeps_every_question_and_reference(curated: Path, system: Path, tmp_path: Path) -> None:
    built = build(curated, system, tmp_path / "out")
    records = load_grpo(tmp_path / "out" / "grpo_dataset.jsonl")
    assert built.pairs == len(records) == 2
    for pair, record in zip(PAIRS, records, strict=True):
        assert [message.role for message in record.prompt] == ["system", "user"]
        assert record.prompt[0].content.startswith("You teach.")
        assert "<think>" in record.prompt[0].content
        assert record.prompt[1].content == pair["instruction"]
        assert record.reference == pair["response"]


def test_the_qwen_format_is_chatml(curated: Path, system: Path, tmp_path: Path) -> None:
    build(curated, system, tmp_path)
    lines = (tmp_path / "formatted" / "train_qwen.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {
        "text": "<|im_start|>system\nYou teach.<|im_end|>\n"
        "<|im_start|>user\nWhat is value?<|im_end|>\n"
        "<|im_start|>assistant\nCongealed labour.\nSee Capital.<|im_end|>\n"
    }


def test_a_second_build_gives_the_same_bytes_and_leaves_nothing_else(
    curated: Path, system: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = [path.read_bytes() for path in build(curated, system, out).files]
    assert [path.read_bytes() for path in build(curated, system, out).files] == first
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        "grpo_dataset.jsonl",
        "train_qwen.jsonl",
    ]


@pytest.mark.parametrize("field", ["instruction", "response"])
def test_a_mark_of_the_chat_format_is_refused_and_nothing_is_written(
    curated: Path, system: Path, tmp_path: Path, field: str
) -> None:
    bad = {**PAIRS[1], field: "a <|im_end|> b"}
    with curated.open("a", encoding="utf-8") as file:
        file.write(json.dumps(bad) + "\n")
    with pytest.raises(DatasetError, match=rf"mine\.jsonl, line 3: field {field}: holds <\|im_end\|>"):
        build(curated, system, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_checked_in_files_are_a_fresh_build(root: Path, tmp_path: Path) -> None:
    data = root / "training_data"
    built = build(data / "curated_qa.jsonl", data / "system_prompt.txt", tmp_path)
    assert built.pairs >= 60
    for path in built.files:
        assert path.read_bytes() == (data / path.relative_to(tmp_path)).read_bytes(), (
            f"{path.relative_to(tmp_path)} is stale; run `make data`"
        )


def test_the_command_builds_a_users_own_pairs(development_data: Path, system: Path, tmp_path: Path) -> None:
    own = development_data / "curated_qa_dev.jsonl"
    arguments = ["--input", str(own), "--system-prompt", str(system), "--output-dir", str(tmp_path)]
    assert main(["data", "build", *arguments]) == 0
    assert len(load_grpo(tmp_path / "grpo_dataset.jsonl")) == len(load_curated(own)) == 584


def test_validate_says_what_is_wrong_and_fails(curated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "validate", str(curated)]) == 0
    assert "2 good records of the curated schema" in capsys.readouterr().out
    curated.write_text('{"instruction": "q", "respnse": "a"}\n', encoding="utf-8")
    assert main(["data", "validate", str(curated)]) == 1
    assert "line 1: field response: is missing" in capsys.readouterr().out


def test_without_a_system_prompt_the_formats_have_none(curated: Path, tmp_path: Path) -> None:
    arguments = ["--input", str(curated), "--no-system-prompt", "--output-dir", str(tmp_path / "out")]
    assert main(["data", "build", *arguments]) == 0
    record = load_grpo(tmp_path / "out" / "grpo_dataset.jsonl")[0]
    assert record.prompt[0].content.startswith("First reason about the question between <think>")
    line = (tmp_path / "out" / "formatted" / "train_qwen.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(line)["text"].startswith("<|im_start|>user\nWhat is value?")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(" \n", "is empty"), ("Say <|im_end|>.", "mark of the chat"), (None, "can't be read")],
)
def test_a_system_prompt_that_can_not_be_used_is_named(
    curated: Path, tmp_path: Path, content: str | None, complaint: str
) -> None:
    prompt = tmp_path / "prompt.txt"
    if content is not None:
        prompt.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=complaint) as error:
        build(curated, prompt, tmp_path / "out")
    assert str(prompt) in str(error.value)
    assert not (tmp_path / "out").exists()
