"""Mends the tokenizer of a model that came out of a GGUF file, so that llama.cpp's converter can read it.

transformers rebuilds such a tokenizer with SentencePiece's traits (byte fallback, "▁" for a space) around a
byte-level BPE vocabulary.  It gives the same tokens, but the converter goes by these traits: it would write
a SentencePiece vocabulary without a single merge, and the GGUF file would answer in nonsense.  No error says
so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from trainer.export.errors import ExportError

FILE = "tokenizer.json"
SAMPLES = (
    "Surplus-value is what workers create beyond the value of their labour-power.",
    "In 1917, and again in 1921:  two  spaces,\ttabs,\n\nlines; 12 345 and 3.14.",
    "“Die Philosophen haben die Welt nur verschieden interpretiert” – Ökonomie, naïveté, 资本论, 🙂 ▁",
    "<|im_start|>user\nWhat is to be done?<|im_end|>\n",
)
"""Texts on which the mended tokenizer has to agree with the one that the policy was trained with."""


def plain_byte_level(folder: Path) -> bool:
    """Rewrite `tokenizer.json` where it is a byte-level BPE with SentencePiece's traits.

    Args:
        folder: of a saved model.

    Returns:
        Whether it was rewritten.

    Raises:
        ExportError: the rewritten tokenizer would give other tokens.
    """
    file = folder / FILE
    if not file.is_file():
        return False
    content = json.loads(file.read_text(encoding="utf-8"))
    if not (is_byte_level(content) and content["model"].get("byte_fallback")):
        return False
    before = Tokenizer.from_str(json.dumps(content))
    content["model"] |= {"byte_fallback": False, "fuse_unk": False}
    content["decoder"] = {
        "type": "ByteLevel",
        "add_prefix_space": True,
        "trim_offsets": True,
        "use_regex": True,
    }
    after = Tokenizer.from_str(json.dumps(content))
    for text in SAMPLES:
        tokens = after.encode(text).ids
        if tokens != before.encode(text).ids or after.decode(tokens, skip_special_tokens=False) != text:
            raise ExportError(f"{file}: can't be written as a plain byte-level BPE: {text!r} would change")
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return True


def is_byte_level(content: dict[str, Any]) -> bool:
    """Whether a `tokenizer.json` holds a BPE over bytes, as GPT-2 has it."""
    pre = content.get("pre_tokenizer") or {}
    parts = pre.get("pretokenizers", [pre])
    return content["model"].get("type") == "BPE" and any(part.get("type") == "ByteLevel" for part in parts)
