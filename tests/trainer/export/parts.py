"""What the tests of the export share: adapters that matter, and runs as the trainer leaves them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

from trainer import smollm
from trainer.policy import SMOLLM2

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SYSTEM = "You answer questions about political theory, in one clear paragraph."


def smollm2_folder() -> Path:
    """The packaged SmolLM2, converted on first use."""
    return smollm.smollm2(smollm.cache_folder(os.environ), print)


def save_adapter(base: Path, folder: Path, *, scale: float, rslora: bool = False) -> Path:
    """Save a LoRA adapter with random B matrices, as `save_model` does after training, tokenizer included.

    Args:
        base: the model's folder.
        folder: is made.
        scale: of the entries of B; a fresh adapter has zeros there, and would change nothing.
        rslora: scale by α/√r.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(11)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=4, lora_alpha=8, use_rslora=rslora, target_modules=list(TARGETS), bias="none"
    )
    adapted = get_peft_model(model, config)
    with torch.no_grad():
        for name, weights in adapted.named_parameters():
            if "lora_B" in name:
                weights.normal_(std=scale)
    adapted.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder


def save_run(
    folder: Path, *, model: str = SMOLLM2, system: str | None = SYSTEM, data: str = "none.jsonl"
) -> Path:
    """Write what a run leaves beside its adapter, with those of its settings that the export reads."""
    settings = {
        "run": {"steps": 5},
        "policy": {"model": model},
        "data": {"file": data, "system_prompt": system, "max_prompt_tokens": 512},
        "generation": {
            "max_completion_tokens": 112,
            "temperature": 0.7,
            "top_p": 0.95,
            "top_k": 0,
            "min_p": None,
            "repetition_penalty": 1.0,
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps({"status": "complete"}), encoding="utf-8")
    return folder
