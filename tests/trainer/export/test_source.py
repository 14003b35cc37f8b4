"""Which adapter, which base and which system prompt a folder stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.export.parts import SYSTEM, save_run
from trainer.export.errors import ExportError
from trainer.export.source import find_source, system_prompt
from trainer.policy import SMOLLM2


def note_adapter(folder: Path, **config: Any) -> Path:
    """The part of an adapter that says what it belongs to."""
    folder.mkdir(parents=True)
    noted = {"peft_type": "LORA", "base_model_name_or_path": "unsloth/model-bnb-4bit", **config}
    (folder / "adapter_config.json").write_text(json.dumps(noted), encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    note_adapter(tmp_path / "run" / "adapter")
    return save_run(tmp_path / "run")


def test_a_run_knows_its_adapter_and_its_base(run: Path) -> None:
    source = find_source(run, None)
    assert (source.adapter, source.base) == (run / "adapter", SMOLLM2)
    assert source.setting("generation", "temperature") == 0.7


@pytest.mark.parametrize("name", ["adapter", "checkpoint-4"])
def test_an_adapter_within_a_run_belongs_to_it(run: Path, name: str) -> None:
    if not (run / name).exists():
        note_adapter(run / name)
    assert find_source(run / name, None).base == SMOLLM2


def test_a_base_that_is_named_comes_first_and_the_adapters_note_last(run: Path, tmp_path: Path) -> None:
    assert find_source(run, "some/model").base == "some/model"
    alone = find_source(note_adapter(tmp_path / "elsewhere" / "adapter"), None)
    assert (alone.base, alone.settings) == ("unsloth/model-bnb-4bit", None)


def test_what_is_no_adapter_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such folder"):
        find_source(tmp_path / "nothing", None)
    with pytest.raises(ExportError, match=r"holds no adapter \(adapter_config.json is missing\)$"):
        find_source(tmp_path, None)
    with pytest.raises(ExportError, match="peft_type is IA3"):
        find_source(note_adapter(tmp_path / "ia3", peft_type="IA3"), None)
    with pytest.raises(ExportError, match=r"base_model_name_or_path is missing.*--base"):
        find_source(note_adapter(tmp_path / "lost", base_model_name_or_path=None), None)
    (run / "adapter" / "adapter_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ExportError, match=r"adapter_config.json: no valid JSON"):
        find_source(run, None)


def test_a_run_that_stopped_names_its_checkpoint(tmp_path: Path) -> None:
    checkpoint = note_adapter(save_run(tmp_path / "run") / "checkpoint-4")
    (checkpoint / "trainer_state.json").write_text('{"global_step": 4}', encoding="utf-8")
    with pytest.raises(ExportError, match=r"its last checkpoint is .*checkpoint-4"):
        find_source(tmp_path / "run", None)


def test_a_file_gives_the_system_prompt_before_the_run_does(run: Path, tmp_path: Path) -> None:
    source = find_source(run, None)
    assert system_prompt(source, None).text == SYSTEM
    (tmp_path / "prompt.txt").write_text("Be brief.\n", encoding="utf-8")
    assert system_prompt(source, tmp_path / "prompt.txt").text == "Be brief."
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    for name, what in (("empty.txt", "is empty"), ("absent.txt", "can't be read")):
        with pytest.raises(ExportError, match=f"--system-prompt .*{name}: {what}"):
            system_prompt(source, tmp_path / name)


def test_without_one_of_its_own_the_run_has_that_of_its_data_set(tmp_path: Path) -> None:
    note_adapter(tmp_path / "run" / "adapter")
    data = tmp_path / "grpo.jsonl"
    source = find_source(save_run(tmp_path / "run", system=None, data=str(data)), None)
    with pytest.raises(ExportError, match=r"grpo.jsonl doesn't tell it any more.*--system-prompt"):
        system_prompt(source, None)
    prompt = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "Why?"}]
    for messages, expected in ((prompt, "Answer."), (prompt[1:], None)):
        data.write_text(json.dumps({"prompt": messages, "reference": "r"}) + "\n", encoding="utf-8")
        assert system_prompt(source, None).text == expected


def test_none_is_made_up_for_an_adapter_from_elsewhere(tmp_path: Path) -> None:
    assert system_prompt(find_source(note_adapter(tmp_path / "a" / "adapter"), None), None).text is None
