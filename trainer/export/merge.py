"""Puts the adapter into the base model's own weights: an ordinary model, for anything that loads one.

LoRA (arXiv 2106.09685): W + α/r·BA in place of W, or α/√r·BA for rank-stabilised adapters.  The base is
loaded in 16 or 32 bits even where the adapter was trained on 4-bit weights (QLoRA, arXiv 2305.14314): what
was trained is the adapter, and rounding the sum to 4 bits again would lose much of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trainer.export.errors import ExportError
from trainer.export.source import Source
from trainer.export.tokenizer import plain_byte_level
from trainer.policy import SMOLLM2, Report
from trainer.smollm import cache_folder, smollm2

if TYPE_CHECKING:
    import torch

Dtype = Literal["auto", "float16", "bfloat16", "float32"]


def merge(source: Source, folder: Path, dtype: Dtype, report: Report) -> str:
    """Write the merged model, its tokenizer, chat template and generation config into a folder, on the CPU.

    It is computed in the base's own number format, or in 32 bits where that is what is saved.  Memory: the
    base's weights (17 GB for 8 billion in 16 bits), and a layer more.

    Args:
        source: adapter and base.
        folder: is made.
        dtype: what the weights are saved as; `auto` is the base's own, but float16 for a base in float32.
        report: gets a line for each thing that takes a while.

    Returns:
        The number format that was saved.

    Raises:
        ExportError: the base can't be loaded, is quantised, or doesn't fit the adapter.
        IntegrityError: a vetted file is missing or has changed.
    """
    import torch
    from peft import PeftModel

    base = load_base(source, dtype, report)
    report("merging the adapter into the base")
    try:
        merged: Any = PeftModel.from_pretrained(base, source.adapter).merge_and_unload(safe_merge=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise ExportError(f"{source.adapter}: doesn't fit the base {source.base}: {error}") from error
    saved = _saved_dtype(dtype, merged.dtype)
    merged = merged.to(saved)
    if not all(bool(torch.isfinite(weights).all()) for weights in merged.parameters()):
        raise ExportError(f"some merged weights are too large for {_name(saved)}; take --dtype bfloat16")
    merged.config.dtype = saved
    report(f"saving the merged model in {_name(saved)}")
    merged.save_pretrained(folder)
    tokenizer_of(source, report).save_pretrained(folder)
    if plain_byte_level(folder):
        report("the tokenizer came out of a GGUF file; it is saved as the byte-level BPE that it is")
    return _name(saved)


def load_base(source: Source, dtype: Dtype, report: Report) -> Any:
    """The base model on the CPU, in its own number format, or in float32 where that is saved."""
    from transformers import AutoConfig, AutoModelForCausalLM

    name = _base_name(source, report)
    try:
        config = AutoConfig.from_pretrained(name)
        if getattr(config, "quantization_config", None) is not None:
            raise ExportError(
                f"the base {source.base} holds quantised weights; an adapter is merged into the 16-bit ones. "
                "Name those with --base (Unsloth's 4-bit copies have the same name without -bnb-4bit or "
                "-unsloth-bnb-4bit)."
            )
        report(f"loading {source.base}")
        wanted = "float32" if dtype == "float32" else "auto"
        return AutoModelForCausalLM.from_pretrained(name, dtype=wanted, device_map=None)
    except (OSError, ValueError) as error:
        raise ExportError(
            f"the base {source.base} can't be loaded: {error}\nName a folder that holds the model, or a name "
            "on the hub that this machine can reach, with --base."
        ) from error


def tokenizer_of(source: Source, report: Report) -> Any:
    """The tokenizer that the policy was trained with: it lies beside the adapter, else beside the base.

    Raises:
        ExportError: there is none, or it has no chat template.
    """
    from transformers import AutoTokenizer

    beside = (source.adapter / "tokenizer_config.json").is_file()
    name = str(source.adapter) if beside else _base_name(source, report)
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ExportError(f"no tokenizer can be loaded from {name}: {error}") from error
    if tokenizer.chat_template is None:
        raise ExportError(f"the tokenizer in {name} has no chat template; an instruct model is needed")
    return tokenizer


def _base_name(source: Source, report: Report) -> str:
    if source.base != SMOLLM2:
        return source.base
    return str(smollm2(cache_folder(os.environ), report))


def _saved_dtype(dtype: Dtype, own: torch.dtype) -> torch.dtype:
    import torch

    if dtype == "auto":
        return torch.float16 if own == torch.float32 else own
    named: torch.dtype = getattr(torch, dtype)
    return named


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
