"""The merged weights are W + α/r·BA, and an ordinary model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.export.parts import TARGETS, save_adapter
from tests.trainer.tiny import save_tiny_policy
from trainer.export.errors import ExportError
from trainer.export.merge import merge
from trainer.export.source import Source


def quiet(text: str) -> None:
    del text


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_policy(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize(("rslora", "scaling"), [(False, 8 / 4), (True, 8 / 4**0.5)])
def test_each_matrix_is_the_base_plus_the_scaled_product(
    base: Path, tmp_path: Path, rslora: bool, scaling: float
) -> None:
    import torch
    from safetensors.torch import load_file

    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1, rslora=rslora)
    assert merge(Source(adapter, str(base), None), tmp_path / "merged", "float32", quiet) == "float32"
    before, after = (load_file(folder / "model.safetensors") for folder in (base, tmp_path / "merged"))
    lora = load_file(adapter / "adapter_model.safetensors")
    assert before.keys() == after.keys()
    changed = 0
    for name, weights in before.items():
        expected = weights
        if name.split(".")[-2] in TARGETS:
            low, high = (lora[f"base_model.model.{name[:-7]}.lora_{part}.weight"] for part in "AB")
            expected = weights + scaling * high @ low
            assert not torch.allclose(expected, weights, atol=1e-3)
            changed += 1
        torch.testing.assert_close(after[name], expected, atol=1e-6, rtol=1e-5)
    assert changed == 2 * len(TARGETS)


def test_the_merged_model_is_loaded_like_any_other_and_answers_like_the_adapted_one(
    base: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1)
    said: list[str] = []
    assert merge(Source(adapter, str(base), None), tmp_path / "merged", "auto", said.append) == "float16"
    assert [line.split()[0] for line in said] == ["loading", "merging", "saving"]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert tokenizer.chat_template == AutoTokenizer.from_pretrained(base).chat_template
    assert (tmp_path / "merged" / "generation_config.json").is_file()
    tokens = tokenizer("the workers labour", return_tensors="pt")
    own: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype="auto")
    assert own.dtype == torch.float16
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
    with torch.no_grad():
        torch.testing.assert_close(
            own.float()(**tokens).logits, adapted(**tokens).logits, atol=5e-3, rtol=5e-3
        )


def test_a_base_in_16_bits_keeps_its_number_format(base: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    model.save_pretrained(tmp_path / "base")
    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1)
    source = Source(adapter, str(tmp_path / "base"), None)
    assert merge(source, tmp_path / "merged", "auto", quiet) == "bfloat16"


def test_a_quantised_base_is_refused(base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (tmp_path / "tiny-bnb-4bit").mkdir()
    (tmp_path / "tiny-bnb-4bit" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    source = Source(adapter, str(tmp_path / "tiny-bnb-4bit"), None)
    with pytest.raises(ExportError, match=r"tiny-bnb-4bit holds quantised weights.*--base"):
        merge(source, tmp_path / "merged", "auto", quiet)


def test_a_base_that_is_not_there_is_named(base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1)
    with pytest.raises(ExportError, match=r"(?s)nobody/nothing can't be loaded.*--base"):
        merge(Source(adapter, "nobody/nothing", None), tmp_path / "merged", "auto", quiet)


def test_an_adapter_of_another_model_is_refused(base: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    config: Any = AutoConfig.from_pretrained(base)
    config.hidden_size, config.intermediate_size = 64, 96
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "wider")  # type: ignore[no-untyped-call]
    adapter = save_adapter(base, tmp_path / "adapter", scale=0.1)
    with pytest.raises(ExportError, match="doesn't fit the base"):
        merge(Source(adapter, str(tmp_path / "wider"), None), tmp_path / "merged", "auto", quiet)


def test_weights_that_overflow_are_refused(base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(base, tmp_path / "adapter", scale=1e6)
    with pytest.raises(ExportError, match="too large for float16; take --dtype bfloat16"):
        merge(Source(adapter, str(base), None), tmp_path / "merged", "auto", quiet)
