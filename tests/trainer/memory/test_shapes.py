"""The plan's counts of weights are those of the models that transformers and PEFT really build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tiny import save_tiny_policy
from trainer.memory.shapes import ModelShape, shape_from_config, shape_of
from trainer.policy import SMOLLM2, PolicyUnavailable
from trainer.settings import SettingsError, load_settings

SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SMALL = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 101,
}
QWEN3_8B = load_settings("a40").policy.model


def built(config: dict[str, Any]) -> Any:
    """The model without memory for its weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))  # type: ignore[no-untyped-call]


def as_config(shape: ModelShape) -> dict[str, Any]:
    """The configuration of a shape."""
    return {
        "model_type": shape.family,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocab,
        "tie_word_embeddings": shape.tied,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "llama", "tie_word_embeddings": True},
        {"model_type": "llama", "attention_bias": True, "mlp_bias": True},
        {"model_type": "mistral", "head_dim": 8},
        {"model_type": "qwen2"},
        {"model_type": "qwen3", "head_dim": 16, "tie_word_embeddings": True},
        {"model_type": "qwen3", "head_dim": 16, "attention_bias": True},
    ],
)
def test_weights_of_every_family(more: dict[str, Any]) -> None:
    config = {**SMALL, **more}
    shape, model = shape_from_config(config, "small"), built(config)
    assert shape.weights == sum(weights.numel() for weights in model.parameters())
    projections = [m for n, m in model.named_modules() if n.rpartition(".")[2] in SEVEN]
    assert len(projections) == 7 * 3
    assert shape.in_projections == sum(module.weight.numel() for module in projections)


def test_the_recorded_model_has_its_published_number_of_weights() -> None:
    shape = shape_of(QWEN3_8B)
    assert shape.weights == 8_190_735_360
    assert shape.weights == sum(weights.numel() for weights in built(as_config(shape)).parameters())


@pytest.mark.parametrize(
    ("rank", "targets"), [(64, SEVEN), (8, ("q_proj", "v_proj")), (16, ("down_proj", "o_proj"))]
)
def test_adapters_have_as_many_weights_as_peft_makes(rank: int, targets: tuple[str, ...]) -> None:
    from peft import LoraConfig, get_peft_model

    shape = shape_of(QWEN3_8B)
    model = get_peft_model(
        built(as_config(shape)), LoraConfig(task_type="CAUSAL_LM", r=rank, target_modules=list(targets))
    )
    trained = sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    assert shape.adapter_weights(rank, targets) == trained


def test_the_packaged_model_and_a_folder_are_read_from_their_own_configuration(tmp_path: Path) -> None:
    smollm2 = shape_of(SMOLLM2)
    assert (smollm2.weights, smollm2.tied, smollm2.family) == (134_515_008, True, "llama")
    from transformers import AutoModelForCausalLM

    folder = save_tiny_policy(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert shape_of(str(folder)).weights == sum(weights.numel() for weights in model.parameters())


def test_the_cache_is_as_large_as_the_one_that_transformers_fills(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    folder = save_tiny_policy(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    cache = model(input_ids=torch.tensor([[3, 4, 5, 6, 7], [4, 5, 6, 7, 8]]), use_cache=True).past_key_values
    filled = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert shape_of(str(folder)).kv_bytes(2 * 5, width=4) == filled


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({**SMALL, "model_type": "mamba"}, "no memory plan for the architecture mamba; it is made for llama"),
        ({"model_type": "qwen3", "hidden_size": 8}, r"config\.json states no num_attention_heads"),
    ],
)
def test_a_model_that_can_not_be_planned_is_named(
    config: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint) as error:
        shape_of(str(tmp_path))
    assert str(tmp_path) in str(error.value)


def test_a_broken_and_a_missing_configuration_are_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyUnavailable, match=r"config\.json can't be read"):
        shape_of(str(tmp_path))
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(PolicyUnavailable, match=r"config\.json can't be read"):
        shape_of(str(tmp_path))
    with pytest.raises(PolicyUnavailable, match=r"no config\.json to plan with"):
        shape_of("nobody/has-this-model")  # the tests' hub is offline


def test_an_unknown_projection_is_named() -> None:
    with pytest.raises(SettingsError, match="no projection router; it knows q_proj"):
        shape_of(QWEN3_8B).adapter_weights(8, ["q_proj", "router"])
