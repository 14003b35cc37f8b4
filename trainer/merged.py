"""Generates with the adapter laid into the weights: on a CPU its small products take nearly half the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft.tuners.lora import LoraLayer


@contextmanager
def merged(model: Any) -> Iterator[None]:
    """Lay the adapter of a PEFT model into its weights while entered.

    Afterwards the weights are the very ones from before: PEFT's own way back subtracts what was added, and in
    16 bit that would leave a little more rounding behind at each step.

    Args:
        model: with LoRA layers; without any, nothing happens.
    """
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    before: list[torch.Tensor] = []
    try:
        with torch.no_grad():
            for layer in layers:
                before.append(layer.get_base_layer().weight.data.clone())
                layer.merge()
        yield
    finally:
        for layer, weights in zip(layers, before, strict=False):  # fewer, where merging broke off
            layer.get_base_layer().weight.data = weights
            layer.merged_adapters.clear()
