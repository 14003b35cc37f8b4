"""Presets, overrides and environment; what is wrong is named with its file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from trainer.settings import PRESETS, SettingsError, load_settings

SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def changed(folder: Path, change: Any) -> Path:
    """A copy of the demo's preset, changed."""
    values = yaml.safe_load((PRESETS / "cpu-demo.yaml").read_text(encoding="utf-8"))
    change(values)
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@pytest.mark.parametrize("preset", [path.stem for path in PRESETS.glob("*.yaml")])
def test_every_preset_is_whole_and_trains_all_seven_projections(preset: str) -> None:
    assert load_settings(preset).policy.lora.targets == SEVEN


def test_the_a40_preset_has_the_values_that_were_asked_for() -> None:
    settings = load_settings("a40.yaml")
    assert settings.policy.model == "unsloth/DeepSeek-R1-0528-Qwen3-8B"
    assert (settings.policy.lora.rank, settings.policy.lora.alpha, settings.run.seed) == (64, 64, 3407)
    assert (settings.run.steps, settings.warmup_steps, settings.completions_per_step) == (250, 25, 4)
    assert settings.optimization.learning_rate == 5e-6


def test_the_plain_preset_differs_from_it_only_in_how_the_policy_is_loaded() -> None:
    unsloth, plain = load_settings("a40"), load_settings("plain-gpu")
    for section in ("data", "rewards", "generation", "optimization", "grpo", "guards"):
        assert getattr(unsloth, section) == getattr(plain, section), section
    assert (unsloth.run.steps, unsloth.run.seed) == (plain.run.steps, plain.run.seed)
    first, second = unsloth.policy.model_dump(), plain.policy.model_dump()
    assert {key for key in first if first[key] != second[key]} == {
        "backend",
        "model",  # the same weights; Unsloth names its own copy
        "gradient_checkpointing",
    }


@pytest.mark.parametrize(("bare", "meant"), [("on", "on"), ("off", "off"), ("unsloth", "unsloth")])
def test_a_bare_on_or_off_is_no_boolean_here(bare: str, meant: str) -> None:
    settings = load_settings("a40", [f"policy.gradient_checkpointing={bare}"])
    assert settings.policy.gradient_checkpointing == meant


def test_a_later_source_wins(tmp_path: Path) -> None:
    environ = {"TRAINER_REWARD_URL": "http://a:1", "TRAINER_STEPS": "7", "TRAINER_API_KEY": ""}
    settings = load_settings("cpu-demo", ["run.steps=9", f"run.output_dir={tmp_path}"], environ)
    assert (settings.rewards.url, settings.run.steps, settings.run.output_dir) == ("http://a:1", 9, tmp_path)
    assert settings.rewards.key is None


def test_the_key_comes_from_the_environment_and_is_written_nowhere(tmp_path: Path) -> None:
    settings = load_settings("cpu-demo", [], {"TRAINER_API_KEY": "s3cret"})
    assert settings.rewards.key == "s3cret"
    assert "s3cret" not in settings.model_dump_json() + repr(settings)
    path = changed(tmp_path, lambda values: values["rewards"].update(api_key="s3cret"))
    with pytest.raises(SettingsError, match=r"rewards\.api_key: a key stands in no file") as error:
        load_settings(str(path))
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda v: v["run"].update(stepz=3), "run.stepz: unknown key"),
        (lambda v: v.update(rewrads={}), "rewrads: unknown key"),
        (lambda v: v["generation"].pop("temperature"), "generation.temperature: missing key"),
        (lambda v: v["run"].update(steps=0), "run.steps: Input should be greater than or equal to 1"),
        (lambda v: v["rewards"].update(weights=[1.0]), "rewards: Value error, weights has 1 entries for 3"),
        (lambda v: v["policy"].update(load_in_4bit=True), "policy: Value error, load_in_4bit needs gpu"),
        (
            lambda v: v["policy"].update(fast_inference=True),
            "policy: Value error, fast_inference needs gpu_memory_utilization",
        ),
        (
            lambda v: v["policy"].update(fast_inference=True, gpu_memory_utilization="auto"),
            "policy: Value error, fast_inference needs gpu (memory_gib",
        ),
        (
            lambda v: v["policy"].update(gpu_memory_utilization=1.5),
            "policy.gpu_memory_utilization.constrained-float: Input should be less than 1",
        ),
        (
            lambda v: v["policy"].update(gradient_checkpointing="unsloth"),
            "policy: Value error, gradient_checkpointing: unsloth needs backend",
        ),
        (
            lambda v: v["policy"].update(gpu={"memory_gib": 24, "reward_server_gib": 0, "vllm_sleep": True}),
            "policy: Value error, gpu.vllm_sleep needs backend: transformers and fast_inference",
        ),
        (lambda v: v["optimization"].update(batch_size=6), "6 completions are no whole groups"),
    ],
)
def test_a_bad_preset_is_named_with_its_key(tmp_path: Path, change: Any, complaint: str) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(SettingsError) as error:
        load_settings(str(path))
    assert str(path) in str(error.value)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("run.stepz=3", "--set run.stepz=3: run.stepz: unknown key"),
        ("run.steps=many", "--set run.steps=many: run.steps: Input should be a valid integer"),
        ("run.steps", "--set run.steps: expected section.key=value"),
        ("run.steps.x=1", "--set run.steps.x=1: run.steps.x: steps holds no settings of its own"),
    ],
)
def test_a_bad_override_is_named(override: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings("cpu-demo", [override])
    assert complaint in str(error.value)


def test_a_bad_variable_is_named_and_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(SettingsError, match=r"^TRAINER_REWARD_URL: rewards\.url:"):
        load_settings("cpu-demo", [], {"TRAINER_REWARD_URL": "ftp://a"})
    with pytest.raises(SettingsError, match="there are: a40, cpu-demo, plain-gpu"):
        load_settings("h100")
