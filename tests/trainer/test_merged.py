"""The adapter laid into the weights computes the same, and the weights come back bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.tiny import save_tiny_policy
from trainer.merged import merged


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(save_tiny_policy(tmp_path), dtype=request.param)
    wrapped = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear"))
    torch.manual_seed(1)
    for name, weights in wrapped.named_parameters():
        if "lora_B" in name:  # it starts at 0, and the adapter would do nothing
            weights.data.normal_(std=0.2)
    return wrapped.eval()


def test_same_logits_within_and_same_weights_after(model: Any) -> None:
    ids = torch.tensor([[1, 5, 9, 8, 12]])
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    with torch.no_grad():
        expected = model(input_ids=ids).logits
        with model.disable_adapter():
            bare = model(input_ids=ids).logits
        with merged(model):
            found = model(input_ids=ids).logits
        again = model(input_ids=ids).logits
    close = 1e-4 if expected.dtype == torch.float32 else 0.1
    torch.testing.assert_close(found, expected, rtol=close, atol=close)
    assert (expected - bare).abs().max() > 3 * (found - expected).abs().max(), "the adapter does something"
    assert torch.equal(again, expected)
    assert all(torch.equal(weights, before[name]) for name, weights in model.state_dict().items())


def test_the_weights_come_back_after_an_error(model: Any) -> None:
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    with pytest.raises(RuntimeError, match="broken off"), merged(model):
        raise RuntimeError("broken off")
    assert all(torch.equal(weights, before[name]) for name, weights in model.state_dict().items())


def test_without_an_adapter_nothing_happens(model: Any) -> None:
    bare = model.unload()
    with merged(bare):
        assert bare(input_ids=torch.tensor([[1]])).logits.shape[-1] == bare.config.vocab_size
