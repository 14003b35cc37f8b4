"""How TRL's vLLM gets the policy: base and adapter are added in copies, and the base stays as it is.

TRL 1.15 adds the adapter to the base, sends the weights, and subtracts it again before each step.  Both sums
are rounded to the base's format, so the base drifts, and the adapter that is saved in the end belongs to a
base that nobody has; in 4 bit nearly every weight changes at the first step, and vLLM gets packed numbers
without their new scales (measured: docs/memory.md).  Here each weight is expanded and added up in a copy of
its own, sent, and dropped.  vLLM holds 16-bit weights, whatever the base is trained in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import trl.trainer.grpo_trainer as trl_grpo
from peft.tuners.lora import LoraLayer
from trl.generation.vllm_generation import VLLMGeneration


class MergedCopies(VLLMGeneration):  # type: ignore[misc]  # TRL has no types
    """TRL's vLLM for one process and one GPU, which gets 16-bit copies."""

    def _init_vllm(self) -> None:
        """Start vLLM on the model's own files; of 4-bit layers TRL would quantise vLLM's copy too."""
        trained: Any = self.model
        self.model: Any = _Files(trained.name_or_path)
        try:
            super()._init_vllm()
        finally:
            self.model = trained

    def _iter_named_params(self) -> Iterator[tuple[str, torch.Tensor]]:
        """What is sent, one weight at a time, by the names that vLLM knows."""
        for name, weights in merged_weights(self.model):
            yield self._fix_param_name_to_vllm(name), weights


@dataclass(frozen=True, slots=True)
class _Files:
    """All that TRL asks of the model while it starts vLLM."""

    name_or_path: str

    def named_modules(self) -> tuple[()]:
        """No layer that would be quantised."""
        return ()


def use_merged_copies() -> None:
    """Let TRL's trainer make this in place of its own; it has no other way in."""
    trl_grpo.VLLMGeneration = MergedCopies


@torch.no_grad()
def merged_weights(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights of a LoRA model as if its adapter had been merged, in copies.

    Args:
        model: PEFT's, with one active adapter; of any number format, or in 4 bit.

    Yields:
        Name and weight as in the model without adapter, in its 16- or 32-bit format.  Sums are rounded once.
    """
    base = model.get_base_model()
    adapted = {name: module for name, module in base.named_modules() if isinstance(module, LoraLayer)}
    for name, weights in base.named_parameters():
        if model.prefix in name:  # the adapter's own
            continue
        owner, of_base, kind = name.partition(".base_layer.")
        if not of_base:
            yield name, _expanded(weights)
        elif kind == "weight":
            yield f"{owner}.weight", _with_adapter(adapted[owner], weights)
        else:  # a bias
            yield f"{owner}.{kind}", weights.data


def _with_adapter(layer: Any, weights: torch.Tensor) -> torch.Tensor:
    whole = _expanded(weights)
    total = whole.float()
    for adapter in layer.active_adapters:
        if adapter in layer.lora_A and adapter not in layer.merged_adapters:
            total = total + layer.get_delta_weight(adapter).float()
    return total.to(whole.dtype)


def _expanded(weights: torch.Tensor) -> torch.Tensor:
    """A 4-bit weight in the format that it was quantised from; any other as it is."""
    state = getattr(weights, "quant_state", None)
    if state is None:
        return weights.data
    from bitsandbytes.functional import dequantize_4bit

    expanded: torch.Tensor = dequantize_4bit(weights.data, state)
    return expanded


def adapter_in_float32(model: Any) -> None:
    """Train the adapter in 32 bit.

    TRL casts it to bfloat16 where the base is quantised.  Steps of 5e-6 are lost there: the neighbours of
    0.01 are 6e-5 apart.  Call it before the optimizer is made.
    """
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()
