"""What training takes: figures that can be had without a GPU are compared with real ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.trainer.memory.test_shapes import SEVEN
from trainer.memory.shapes import shape_from_config, shape_of
from trainer.memory.training import ADAM_8BIT_BYTES, NF4_BYTES, base_bytes, training_items
from trainer.settings import Settings, load_settings

WIDE: dict[str, Any] = {
    "model_type": "qwen3",
    "hidden_size": 256,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "vocab_size": 64,
}


def sizes(settings: Settings, config: dict[str, Any] | None = None) -> dict[str, float]:
    """Item → bytes."""
    shape = shape_from_config(config, "wide") if config else shape_of(settings.policy.model)
    return {item.name: item.size for item in training_items(settings, shape)}


@pytest.mark.parametrize("checkpointing", [False, True])
def test_activations_hold_what_a_real_forward_pass_saves(checkpointing: bool) -> None:
    """PyTorch says what it keeps for the backward pass.  The estimate is above it, since gradients and one
    layer's second pass come on top, but not by a multiple."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    config = AutoConfig.for_model(**WIDE)
    model: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=8, target_modules=list(SEVEN)))
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    of_model = {weights.untyped_storage().data_ptr() for weights in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in of_model:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    ids = torch.randint(0, 64, (2, 256))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        hidden = model.get_base_model().model(input_ids=ids, use_cache=False).last_hidden_state
    assert hidden.requires_grad
    saved = sum(kept.values())

    how = "on" if checkpointing else "off"
    settings = load_settings(
        "plain-gpu",
        [
            "policy.dtype=float32",
            "policy.lora.rank=8",
            f"policy.gradient_checkpointing={how}",
            "data.max_prompt_tokens=128",
            "generation.max_completion_tokens=128",
        ],
    )
    estimate = sizes(settings, WIDE)["activations"]
    if checkpointing:  # the layer that is computed again comes on top of what is saved
        whole = load_settings("plain-gpu", ["policy.dtype=float32", "policy.lora.rank=8"])
        assert estimate < sizes(whole, WIDE)["activations"]
        assert 1.0 < estimate / saved < 12.0
    else:
        assert 1.0 < estimate / saved < 2.5


def test_four_bits_take_about_a_quarter_and_leave_the_embeddings_alone() -> None:
    settings, plain = load_settings("a40").policy, load_settings("plain-gpu").policy
    shape = shape_of(settings.model)
    whole = plain.model_copy(update={"load_in_4bit": False})
    assert base_bytes(shape, whole) == 2 * shape.weights
    assert base_bytes(shape, plain) == pytest.approx(shape.in_projections * NF4_BYTES + 2 * shape.elsewhere)
    assert base_bytes(shape, plain) < base_bytes(shape, settings) < base_bytes(shape, whole) / 2


def test_the_optimizer_and_the_rank_set_what_the_adapter_costs() -> None:
    small = sizes(load_settings("a40"))
    assert small["adapter"] == 174_587_904 * 4
    assert small["optimizer"] == 174_587_904 * ADAM_8BIT_BYTES
    assert sizes(load_settings("a40", ["optimization.optimizer=adamw_torch"]))["optimizer"] == 174_587_904 * 8
    half = sizes(load_settings("a40", ["policy.lora.rank=32"]))
    assert all(half[name] == small[name] / 2 for name in ("adapter", "gradients", "optimizer"))


@pytest.mark.parametrize("preset", ["a40", "plain-gpu"])
def test_activations_grow_with_batch_and_length(preset: str) -> None:
    now = sizes(load_settings(preset))
    batch = sizes(load_settings(preset, ["optimization.batch_size=4"]))
    longer = sizes(load_settings(preset, ["generation.max_completion_tokens=3000"]))
    assert 1.9 * now["activations"] < batch["activations"] <= 2 * now["activations"]  # less a constant part
    assert longer["activations"] > now["activations"]
    assert longer["log-probabilities"] > now["log-probabilities"]
    assert (
        sizes(load_settings(preset, ["policy.gradient_checkpointing=off"]))["activations"]
        > 9 * now["activations"]
    )
