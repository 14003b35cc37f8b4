"""A tokenizer that came out of a GGUF file becomes a plain byte-level BPE with the same tokens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.trainer.export.parts import smollm2_folder
from tests.trainer.tiny import save_tiny_policy
from trainer.export.errors import ExportError
from trainer.export.tokenizer import FILE, plain_byte_level


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    shutil.copy(smollm2_folder() / FILE, tmp_path / FILE)
    return tmp_path


def test_the_tokens_stay_the_same(saved: Path, root: Path) -> None:
    before = Tokenizer.from_file(str(saved / FILE))
    assert plain_byte_level(saved)
    after = Tokenizer.from_file(str(saved / FILE))
    texts = [
        *(root / "training_data" / "curated_qa.jsonl").read_text(encoding="utf-8").splitlines(),
        "".join(map(chr, range(32, 0x2FF))),
    ]
    for text in texts:
        assert after.encode(text).ids == before.encode(text).ids
        assert after.decode(after.encode(text).ids, skip_special_tokens=False) == text
    assert not plain_byte_level(saved), "it is mended already"


def test_any_other_tokenizer_is_left_alone(tmp_path: Path) -> None:
    assert not plain_byte_level(tmp_path)
    before = (save_tiny_policy(tmp_path) / FILE).read_bytes()
    assert not plain_byte_level(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_one_that_would_change_is_refused(saved: Path) -> None:
    content = json.loads((saved / FILE).read_text(encoding="utf-8"))
    content["normalizer"] = {"type": "Lowercase"}
    (saved / FILE).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ExportError, match="would change"):
        plain_byte_level(saved)
