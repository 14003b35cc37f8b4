"""vLLM gets base and adapter summed, rounded once, and the base does not move."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tiny import save_tiny_policy
from trainer.policy import four_bit_options

STAND_IN = Path(__file__).parents[1] / "support" / "stand_in_vllm"


def adapted(folder: Path, dtype: str, **loading: Any) -> Any:
    """A tiny policy with an adapter that does something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        save_tiny_policy(folder), dtype=getattr(torch, dtype), **loading
    )
    targets = ["q_proj", "v_proj", "down_proj"]  # and four without
    model = get_peft_model(
        model, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=8, target_modules=targets)
    )
    torch.manual_seed(3)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.05)
    return model


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_copies_are_what_merging_would_give_and_the_base_stays(dtype: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from trainer.vllm_sync import merged_weights

    model = adapted(tmp_path, dtype)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    got = {name: weights.clone() for name, weights in merged_weights(model)}
    for name, weights in model.named_parameters():
        assert torch.equal(weights, before[name]), name

    plain = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=getattr(torch, dtype))
    assert set(got) == {name for name, _ in plain.named_parameters()}
    plain.load_state_dict(got, strict=False)
    ids = torch.tensor([[3, 9, 14, 2, 7]])
    with torch.no_grad():
        difference = (plain(ids).logits - model(ids).logits).abs().max()
        off = (plain(ids).logits - AutoModelForCausalLM.from_pretrained(tmp_path)(ids).logits).abs().max()
    assert difference < {"float32": 1e-5, "bfloat16": 0.02}[dtype] < off  # and the adapter does something


def test_trl_s_own_way_moves_a_base_in_16_bit(tmp_path: Path) -> None:
    """Why ours is there.  Where this fails, TRL or PEFT has mended it, and ours may go."""
    import torch

    model = adapted(tmp_path, "bfloat16")
    weights = model.get_base_model().model.layers[0].self_attn.q_proj.base_layer.weight
    before = weights.clone()
    model.merge_adapter()
    model.unmerge_adapter()
    assert not torch.equal(weights, before)


def test_a_base_in_4_bit_is_expanded_and_stays(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is not installed")
    import torch
    from bitsandbytes.functional import dequantize_4bit
    from transformers import BitsAndBytesConfig

    from trainer.memory.training import NF4_BYTES
    from trainer.vllm_sync import adapter_in_float32, merged_weights

    quantised = BitsAndBytesConfig(**four_bit_options(torch.bfloat16))  # type: ignore[no-untyped-call]
    model = adapted(tmp_path, "bfloat16", quantization_config=quantised, device_map={"": "cpu"})
    adapter_in_float32(model)
    layer = model.get_base_model().model.layers[0].mlp.down_proj
    packed = layer.base_layer.weight
    state = packed.quant_state
    scales = state.absmax.nbytes + state.state2.absmax.nbytes
    assert (packed.nbytes + scales) / (32 * 64) == pytest.approx(NF4_BYTES, rel=0.01)
    before = packed.data.clone()
    got = dict(merged_weights(model))
    assert torch.equal(layer.base_layer.weight.data, before)
    assert layer.base_layer.weight is packed
    wanted = dequantize_4bit(packed.data, state).float() + layer.get_delta_weight("default").float()
    assert torch.equal(got["model.layers.0.mlp.down_proj.weight"], wanted.to(torch.bfloat16))
    assert got["model.layers.0.mlp.up_proj.weight"].shape == (64, 32)  # quantised, without adapter
    assert all(weights.dtype == torch.bfloat16 for weights in got.values())


def test_the_adapter_is_trained_in_32_bit_and_nothing_else_is(tmp_path: Path) -> None:
    import torch

    from trainer.vllm_sync import adapter_in_float32

    model = adapted(tmp_path, "bfloat16").to(torch.bfloat16)
    adapter_in_float32(model)
    formats = {("lora_" in name, weights.dtype) for name, weights in model.named_parameters()}
    assert formats == {(True, torch.float32), (False, torch.bfloat16)}


def test_trl_asks_of_the_model_no_more_than_we_hand_it() -> None:
    """`_init_vllm` runs on a stand-in for the model, which has a path and no layers."""
    from trl.generation.vllm_generation import VLLMGeneration

    tree = ast.parse(textwrap.dedent(inspect.getsource(VLLMGeneration._init_vllm)))
    asked = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "model"
    }
    assert asked == {"name_or_path", "named_modules"}


def test_trl_s_trainer_sends_the_policy_of_each_step(tmp_path: Path) -> None:
    """TRL's own loop with vLLM, awake and asleep; vLLM is a stand-in, since the real one needs a GPU."""
    code = (
        f"import sys; sys.path.insert(0, {str(STAND_IN)!r}); import tests.support.vllm_run as it; it.main()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=STAND_IN.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("sent the policy of 3 steps") == 2
