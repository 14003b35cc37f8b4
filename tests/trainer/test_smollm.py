"""SmolLM2 out of its package: vetted, converted once, the same model afterwards."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.integrity import IntegrityError, verify_files
from trainer import smollm


def quiet(text: str) -> None:
    del text


def test_the_package_is_found_without_running_it() -> None:
    folder = smollm.package_folder()
    assert (folder / smollm.GGUF).is_file()
    assert smollm.PACKAGE not in sys.modules


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / smollm.GGUF).write_bytes(b"GGUF")
    with pytest.raises(IntegrityError, match="is not the file this project was tested with"):
        verify_files(tmp_path, {smollm.GGUF: smollm.SHA256})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TRAINER_CACHE": "/c", "XDG_CACHE_HOME": "/x"}, Path("/c")),
        ({"XDG_CACHE_HOME": "/x"}, Path("/x/touchstone")),
        ({}, Path.home() / ".cache" / "touchstone"),
    ],
)
def test_where_the_copy_is_kept(environ: dict[str, str], expected: Path) -> None:
    assert smollm.cache_folder(environ) == expected


def test_a_conversion_happens_once_and_leaves_no_pieces(tmp_path: Path) -> None:
    converted: list[Path] = []

    def convert(gguf: Path, folder: Path) -> None:
        converted.append(gguf)
        (folder / "model.safetensors").write_bytes(b"weights")

    left_over = tmp_path / f"{smollm.copy_folder(tmp_path).name}.partial-killed"
    left_over.mkdir()
    first = smollm.smollm2(tmp_path, quiet, convert=convert)
    assert smollm.smollm2(tmp_path, quiet, convert=convert) == first
    assert len(converted) == 1
    assert (first / "model.safetensors").read_bytes() == b"weights"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [first.name]

    (first / smollm.MARKER).write_text("{}", encoding="utf-8")  # a copy of something else
    smollm.smollm2(tmp_path, quiet, convert=convert)
    assert len(converted) == 2


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(f"no space left for {gguf}")

    with pytest.raises(OSError, match="no space left"):
        smollm.smollm2(tmp_path, quiet, convert=convert)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_converted_model_is_the_same_model_and_can_be_trained() -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = smollm.smollm2(smollm.cache_folder(os.environ), print)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    tokens: Any = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    source = smollm.package_folder()
    original = AutoModelForCausalLM.from_pretrained(source, gguf_file=smollm.GGUF, dtype=torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(model(**tokens).logits, original(**tokens).logits)
    answer = model.generate(**tokens, max_new_tokens=12, do_sample=False)[0, tokens["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(answer)

    model(**tokens, labels=tokens["input_ids"]).loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())
