"""Every option that we pass on a GPU exists in the packages of the lock: a renamed one fails here, not there.

TRL, PEFT and transformers are installed here in the very versions of the GPU stacks, so their own classes
answer.  Unsloth can't be installed without a GPU: its parameters are recorded from its wheel
(tests/support/unsloth_signatures.py).  It makes its GRPOConfig out of TRL's, so TRL's fields stand for both.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.support.unsloth_signatures import download, locked_version, signatures
from trainer.memory.check import with_share
from trainer.memory.plan import make_plan
from trainer.memory.shapes import shape_of
from trainer.policy import (
    PolicyUnavailable,
    four_bit_options,
    load_policy,
    unsloth_adapter_options,
    unsloth_load_options,
)
from trainer.settings import Settings, SettingsError, load_settings

RECORDED = Path(__file__).parents[1] / "fixtures" / "unsloth_signatures.json"
REQUIREMENTS = Path(__file__).parents[2] / "requirements"
STACKS = {"a40": "trainer-gpu.txt", "plain-gpu": "trainer-plain-gpu.txt"}


def planned(preset: str, *changes: str) -> Settings:
    """The settings as a run on the preset's card would have them."""
    settings = load_settings(preset, changes)
    return with_share(settings, make_plan(settings, shape_of(settings.policy.model)))


@pytest.fixture(scope="module")
def unsloth() -> dict[str, Any]:
    """What the wheel of the lock takes."""
    recorded: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return recorded


@pytest.mark.parametrize("stack", STACKS.values())
@pytest.mark.parametrize("package", ["trl", "peft", "transformers", "accelerate", "datasets"])
def test_the_packages_that_are_asked_are_those_of_the_gpu_stacks(package: str, stack: str) -> None:
    assert version(package) == locked_version(package, REQUIREMENTS / stack)


@pytest.mark.parametrize("preset", ["a40", "plain-gpu", "cpu-demo"])
def test_trl_takes_every_option_of_a_preset(preset: str) -> None:
    from transformers.training_args import OptimizerNames
    from trl import GRPOConfig

    from trainer.grpo import grpo_config

    settings = load_settings(preset) if preset == "cpu-demo" else planned(preset)
    config = grpo_config(settings, wandb=False)
    assert config.use_vllm is (preset != "cpu-demo")
    assert config.optim in {name.value for name in OptimizerNames}
    assert (config.max_steps, config.learning_rate) == (
        settings.run.steps,
        settings.optimization.learning_rate,
    )
    assert config.lr_scheduler_type == settings.optimization.schedule
    fields = {field.name for field in dataclasses.fields(GRPOConfig)}
    assert "vllm_gpu_memory_utilization" in fields
    if config.use_vllm:
        assert config.vllm_gpu_memory_utilization == settings.policy.gpu_memory_utilization
        assert config.vllm_max_model_length == 512 + 1500
        assert config.vllm_enable_sleep_mode is False


def test_an_option_that_trl_does_not_know_is_refused() -> None:
    from trl import GRPOConfig

    with pytest.raises(TypeError, match="max_prompt_length"):  # as it was called until early 2025
        GRPOConfig(output_dir="x", use_cpu=True, bf16=False, max_prompt_length=512)


def test_peft_and_bitsandbytes_options_exist() -> None:
    import torch
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig

    options = set(unsloth_adapter_options(load_settings("plain-gpu").policy, 1))
    options -= {"use_gradient_checkpointing", "random_state"}  # Unsloth's own
    assert options <= {field.name for field in dataclasses.fields(LoraConfig)}
    quantised = four_bit_options(torch.bfloat16)
    assert set(quantised) <= set(inspect.signature(BitsAndBytesConfig).parameters)
    assert BitsAndBytesConfig(**quantised).quantization_method() == "nf4"  # type: ignore[no-untyped-call]


def test_unsloth_takes_every_option_of_the_a40_preset(unsloth: dict[str, Any]) -> None:
    settings = planned("a40")
    loading = unsloth_load_options("model", settings.policy, "a torch format", 2012, settings.run.seed)
    assert set(loading) <= set(unsloth["from_pretrained"])
    assert set(unsloth_adapter_options(settings.policy, settings.run.seed)) <= set(unsloth["get_peft_model"])
    assert loading["max_seq_length"] == 2012
    assert loading["gpu_memory_utilization"] == settings.policy.gpu_memory_utilization


def test_the_record_is_of_the_locked_unsloth_and_allows_the_locked_packages(unsloth: dict[str, Any]) -> None:
    assert unsloth["unsloth"] == locked_version("unsloth")
    requires = [Requirement(text) for text in unsloth["requires"]]
    assert {"trl", "transformers", "datasets"} <= {need.name for need in requires}
    for need in requires:
        assert need.specifier.contains(locked_version(need.name)), need


def test_the_record_is_what_the_wheel_says(unsloth: dict[str, Any], tmp_path: Path) -> None:
    try:
        wheel = download(tmp_path)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the package index can't be reached: {str(error.stderr)[-200:]}")
    assert signatures(wheel) == unsloth


def test_a_share_that_was_never_worked_out_is_refused() -> None:
    from trainer.grpo import grpo_config

    with pytest.raises(SettingsError, match=r"policy\.gpu_memory_utilization: auto"):
        grpo_config(load_settings("plain-gpu"), wandb=False)


@pytest.mark.parametrize(
    ("preset", "changes", "complaint"),
    [
        ("plain-gpu", [], r"policy\.load_in_4bit needs an NVIDIA GPU"),
        (
            "plain-gpu",
            ["policy.load_in_4bit=false"],
            r"policy\.fast_inference needs an NVIDIA GPU",
        ),
        ("a40", [], r"policy\.backend unsloth can't be used here"),
    ],
)
def test_without_a_gpu_the_policy_says_what_it_needs(preset: str, changes: list[str], complaint: str) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    settings = load_settings(preset, changes).policy
    with pytest.raises(PolicyUnavailable, match=complaint):
        load_policy(settings, max_tokens=2012, seed=1, report=lambda _: None)


def test_the_options_are_read_without_the_heavy_libraries() -> None:
    """Unsloth must be imported before torch's users, so neither settings nor plan may import them."""
    code = (
        "import sys, trainer.policy, trainer.memory.check, trainer.commands.plan, trainer.memory.savings\n"
        "print([name for name in ('torch', 'transformers', 'trl', 'peft') if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
