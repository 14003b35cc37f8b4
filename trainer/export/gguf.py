"""GGUF files of the merged model, and the check that what was written is what was meant."""

from __future__ import annotations

import json
from pathlib import Path

from trainer.export.errors import ExportError
from trainer.export.llamacpp import LlamaCpp, convert, quantize
from trainer.export.tokenizer import FILE, is_byte_level
from trainer.policy import Report

KINDS = {"gguf-f16": None, "gguf-q8_0": "Q8_0", "gguf-q4_k_m": "Q4_K_M"}
"""Our format → the quantizer's term; None is the converter's own output."""


def gguf_name(kind: str) -> str:
    """The file of a format: `gguf-q8_0` → `model-q8_0.gguf`."""
    return f"model-{kind.removeprefix('gguf-')}.gguf"


def write_gguf(
    tools: LlamaCpp, merged: Path, folder: Path, kinds: list[str], scratch: Path, report: Report
) -> None:
    """Write the wanted files; the quantised ones are made from float16.

    Args:
        tools: llama.cpp.
        merged: the merged model's folder.
        folder: gets a file for each of `kinds`.
        kinds: keys of KINDS.
        scratch: holds the float16 file where it isn't wanted itself.
        report: gets a line for each thing that takes a while.

    Raises:
        ExportError: a tool failed, or wrote another tokenizer than the model's.
    """
    f16 = (folder if "gguf-f16" in kinds else scratch) / gguf_name("gguf-f16")
    report("converting to GGUF (f16)")
    convert(tools, merged, f16)
    check_vocabulary(f16, merged)
    for kind in kinds:
        term = KINDS[kind]
        if term is not None:
            report(f"quantising ({kind.removeprefix('gguf-')})")
            quantize(tools, f16, folder / gguf_name(kind), term)


def check_vocabulary(file: Path, merged: Path) -> None:
    """Refuse a file whose vocabulary is of another kind than the model's.

    The converter takes a byte-level BPE for SentencePiece where it misreads the tokenizer, and says nothing.

    Raises:
        ExportError: the kinds differ, or the file tells none.
    """
    from gguf import GGUFReader

    tokenizer = merged / FILE
    if not (tokenizer.is_file() and is_byte_level(json.loads(tokenizer.read_text(encoding="utf-8")))):
        return
    field = GGUFReader(file).fields.get("tokenizer.ggml.model")
    kind = field.contents() if field is not None else None
    if kind != "gpt2":
        raise ExportError(
            f"the converter wrote a vocabulary of the kind {kind}, but {tokenizer} is a byte-level BPE "
            "(gpt2); the file would answer in nonsense. Another version of llama.cpp may read it; "
            "`make llama-cpp` builds the one that was tried."
        )
