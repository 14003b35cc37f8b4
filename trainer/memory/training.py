"""What training takes: weights, adapter, gradients, optimizer, activations.

The counts of weights are exact (tests compare them with the models that transformers and PEFT build).  The
activations are estimates from the sizes, rounded up where kernels differ; no figure here was measured on a
GPU.
"""

from __future__ import annotations

from trainer.memory.items import Item
from trainer.memory.shapes import ModelShape
from trainer.policy_settings import PolicySettings
from trainer.settings import Settings

NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Of one weight in NF4 with double quantisation (QLoRA, arXiv 2305.14314): 4 bit, an 8-bit scale for every 64
weights, and a 32-bit scale for every 256 of those."""

DYNAMIC_SHARE = 0.15
"""Share of the projections that Unsloth's dynamic 4-bit models keep in 16 bit: an allowance, not
looked up."""

CONTEXT_BYTES = 0.6 * 2**30
"""What CUDA and its libraries take in a process that uses the GPU at all: about half a GiB."""

FRAGMENTATION = 0.05
"""Share that PyTorch's allocator holds beyond what is in use."""

ADAM_8BIT_BYTES = 2 * (1 + 4 / 256)
"""Of one trained weight: two moments of 8 bit, with a 32-bit scale for every 256 (bitsandbytes)."""

ADAPTER_BYTES = 4
"""Of one weight of the adapter, which is trained in 32 bit, whatever the base is in."""

TILE_TOKENS, TILE_WORDS = 4096, 32768
"""TRL projects the hidden states on the vocabulary in tiles of this size (its chunked log-probabilities)."""

UNSLOTH_CHUNKS = 4
"""Chunks that Unsloth cuts a sequence's logits into, at the least."""


def width(policy: PolicySettings) -> int:
    """Bytes of one number in `policy.dtype`."""
    return 4 if policy.dtype == "float32" else 2


def base_bytes(shape: ModelShape, policy: PolicySettings) -> float:
    """Bytes of the model without adapter.  In 4 bit only the projections are quantised; embedding, output
    layer and norms stay in `dtype`."""
    if not policy.load_in_4bit:
        return shape.weights * width(policy)
    share = DYNAMIC_SHARE if policy.backend == "unsloth" else 0.0
    projections = shape.in_projections * ((1 - share) * NF4_BYTES + share * width(policy))
    return projections + shape.elsewhere * width(policy)


def base_item(shape: ModelShape, policy: PolicySettings) -> Item:
    """The line of `base_bytes`."""
    kind = "4 bit" if policy.load_in_4bit else policy.dtype
    return Item("model", f"{shape.weights / 1e9:.2f} billion weights, {kind}", base_bytes(shape, policy))


def training_items(settings: Settings, shape: ModelShape) -> list[Item]:
    """Everything that training itself holds; Unsloth's only copy of the base stands with vLLM's items.

    Raises:
        SettingsError: a target of the adapter is no projection of this model.
    """
    policy, optimizer = settings.policy, settings.optimization.optimizer
    trained = shape.adapter_weights(policy.lora.rank, policy.lora.targets)
    moments = _moment_bytes(optimizer)
    items = [
        Item(
            "adapter", f"{trained / 1e6:.1f} million weights × {ADAPTER_BYTES} bytes", trained * ADAPTER_BYTES
        ),
        Item(
            "gradients",
            f"{trained / 1e6:.1f} million × {ADAPTER_BYTES} bytes",
            trained * ADAPTER_BYTES,
            "updating",
        ),
        Item("optimizer", f"{optimizer}: {moments:.2f} bytes for each of them", trained * moments),
        *_activations(settings, shape),
    ]
    if not (policy.fast_inference and policy.backend == "unsloth"):
        items.insert(0, base_item(shape, policy))
    if not policy.fast_inference:
        items.append(_own_cache(settings, shape))
    elif policy.backend == "transformers":
        largest = max(inputs * outputs for inputs, outputs in shape.projections.values())
        items.append(Item("merging", "one projection in 16 bit, thrice in 32", 14 * largest, "generating"))
    return items


def _moment_bytes(optimizer: str) -> float:
    if "adam" in optimizer and optimizer.endswith("8bit"):
        return ADAM_8BIT_BYTES
    return 2 * ADAPTER_BYTES  # Adam's two moments, as wide as the weights; others take no more


def _activations(settings: Settings, shape: ModelShape) -> list[Item]:
    """Of one forward and backward pass.

    With gradient checkpointing each layer's input is kept (Unsloth moves it to the CPU's memory and keeps
    two), and one layer at a time is computed again.  That layer holds, for each token: about 10 hidden
    vectors (residuals, norms, attention and their gradients), 2 × the queries, 4 × keys and values, 8 × the
    MLP's width (gate, up, activation, product, and their gradients), and the adapter's inputs, which PEFT
    casts to 32 bit.  A quantised projection is expanded to 16 bit for its product.
    """
    policy, batch = settings.policy, settings.optimization.batch_size
    answer = settings.generation.max_completion_tokens
    tokens = batch * (settings.data.max_prompt_tokens + answer)
    attention, kv = shape.projections["q_proj"][1], shape.projections["k_proj"][1]
    vectors = 10 * shape.hidden + 2 * attention + 4 * kv + 8 * shape.intermediate
    inputs = sum(shape.projections[target][0] for target in policy.lora.targets)
    layer = tokens * (vectors * width(policy) + inputs * ADAPTER_BYTES)
    if policy.load_in_4bit:
        layer += 2 * max(inputs * outputs for inputs, outputs in shape.projections.values())
    kept = tokens * shape.hidden * width(policy)
    where = f"{batch} × {tokens // batch} tokens"
    if policy.gradient_checkpointing == "off":
        hidden = Item("activations", f"{where}, all {shape.layers} layers", layer * shape.layers, "updating")
    elif policy.gradient_checkpointing == "on":
        size = kept * shape.layers + layer
        hidden = Item(
            "activations", f"{where}, {shape.layers} layers' inputs and one layer", size, "updating"
        )
    else:
        hidden = Item(
            "activations", f"{where}, two layers' inputs and one layer", 2 * kept + layer, "updating"
        )
    return [hidden, _log_probabilities(settings, shape, batch * answer)]


def _log_probabilities(settings: Settings, shape: ModelShape, tokens: int) -> Item:
    """TRL computes them tile by tile (bfloat16) and keeps the hidden states and their gradient in 32 bit.
    Unsloth takes a quarter of a sequence at a time, in 16 bit, in 32 bit, and its gradient."""
    if settings.policy.backend == "transformers":
        tile = min(tokens, TILE_TOKENS) * min(shape.vocab, TILE_WORDS) * 2
        return Item(
            "log-probabilities",
            f"{tokens} tokens, in tiles of {TILE_TOKENS} × {TILE_WORDS}",
            tile + tokens * shape.hidden * (2 + 4 + 2),
            "updating",
        )
    sequence = settings.data.max_prompt_tokens + settings.generation.max_completion_tokens
    rows = -(-sequence // UNSLOTH_CHUNKS)
    return Item(
        "log-probabilities",
        f"{rows} tokens × {shape.vocab} words × 10 bytes",
        rows * shape.vocab * 10 + tokens * shape.hidden * 4,
        "updating",
    )


def _own_cache(settings: Settings, shape: ModelShape) -> Item:
    """Keys and values while transformers generates; growing them copies a layer's, for which a tenth is
    added."""
    completions = settings.completions_per_step
    tokens = settings.data.max_prompt_tokens + settings.generation.max_completion_tokens
    size = 1.1 * shape.kv_bytes(completions * tokens, width(settings.policy))
    return Item("keys and values", f"{completions} completions × {tokens} tokens", size, "generating")
