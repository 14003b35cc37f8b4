"""What vLLM needs of its share: weights, adapter, workspace, keys and values."""

from __future__ import annotations

from trainer.memory.items import GIB, Item
from trainer.memory.shapes import ModelShape
from trainer.memory.training import base_item
from trainer.settings import Settings

BATCHED_TOKENS = 4096
"""Tokens of one pass while prompts are read: what TRL sets, and Unsloth at this much memory."""

GRAPHS_BYTES = 1.0 * GIB
"""vLLM's recorded CUDA graphs and communication buffers; vLLM's own estimates lie at 0.5 to 1 GiB."""

ASLEEP_BYTES = 1.0 * GIB
"""What a sleeping vLLM keeps: graphs and buffers, but neither weights nor cache."""


def vllm_items(settings: Settings, shape: ModelShape) -> list[Item]:
    """What vLLM needs to generate one step's completions side by side; [] without it.

    Unsloth's vLLM holds the only copy of the base, which training uses too, and the adapter beside it; TRL's
    holds a second copy in 16 bit, which gets the base with the adapter merged before each step.
    """
    policy = settings.policy
    if not policy.fast_inference:
        return []
    completions = settings.completions_per_step
    tokens = settings.data.max_prompt_tokens + settings.generation.max_completion_tokens
    passes = BATCHED_TOKENS * (4 * shape.hidden + 2 * shape.intermediate) * 2
    sampling = max(completions, 64) * shape.vocab * 4 * 2
    items = [
        Item(
            "workspace",
            f"{BATCHED_TOKENS} tokens in one pass, sampling, graphs",
            passes + sampling + GRAPHS_BYTES,
        ),
        Item(
            "keys and values",
            f"{completions} completions × {tokens} tokens",
            shape.kv_bytes(completions * tokens),
        ),
    ]
    if policy.backend == "unsloth":
        adapter = shape.adapter_weights(policy.lora.rank, policy.lora.targets)
        of_adapter = Item("adapter again", f"{adapter / 1e6:.1f} million weights in 16 bit", adapter * 2)
        return [base_item(shape, policy), of_adapter, *items]
    return [
        Item("model again", f"{shape.weights / 1e9:.2f} billion weights in 16 bit", shape.weights * 2),
        *items,
    ]
