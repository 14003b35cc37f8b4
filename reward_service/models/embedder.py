"""sentence-transformers: texts → unit vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from reward_service.errors import ModelUnavailable
from reward_service.models.batching import by_length, cut
from reward_service.models.encoding import Tokens, encoder_of
from reward_service.models.protocols import ModelSpec, Staged
from reward_service.models.windows import even_windows
from reward_service.types import Vector

CALL_TOKENS = 16_384
"""Padded tokens of one forward call; only texts with very many windows reach it."""


class PreparedText(NamedTuple):
    """A text as windows of tokens; none for a text without tokens."""

    windows: tuple[Tokens, ...]
    weights: tuple[int, ...]
    """Tokens of text in each window."""


class Collated(NamedTuple):
    """A batch of texts as forward calls: their windows from the shortest to the longest."""

    texts: Sequence[PreparedText]
    calls: list[tuple[list[int], dict[str, Tensor]]]
    """For each call, the places of its windows among all of them, and the model's inputs."""


class Embedded(NamedTuple):
    """The same, with a float32 tensor of unit vectors, shape (windows, dimensions), for each call."""

    texts: Sequence[PreparedText]
    calls: list[tuple[list[int], Tensor]]


class SentenceEmbedder(Staged):
    """A sentence-transformers model; a text longer than its input is embedded by windows, never cut.

    The windows are about equally long.  The vector of such a text is the mean of its windows' unit vectors,
    weighted by their tokens, scaled to length one again.  A text without any token (empty, or white space)
    has no direction: it gets the zero vector, whose cosine with everything is 0.  Rewards treat empty
    answers before they look at vectors.

    Args:
        folder: where the model lies.
        name, revision: as the spec reports them.
        device: a torch device, such as `cpu`.
        dtype: number format of the weights; vectors are float32 always.

    Raises:
        ModelUnavailable: the folder holds no such model.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        revision: str,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        try:
            self._model: Any = SentenceTransformer(
                str(folder), device=device, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelUnavailable(
                f"{folder} holds no sentence-transformers model that can be loaded ({error}); "
                "set REWARD_EMBEDDING_MODEL to another hub name or folder"
            ) from error
        self._model.to(dtype).eval()
        max_length = self._model.max_seq_length
        if not max_length:
            raise ModelUnavailable(f"the embedding model {name} does not say how many tokens it takes")
        self._device = device
        self._encoder = encoder_of(self._model.tokenizer, max_length=max_length)
        self._dimensions = int(self._model.get_embedding_dimension())
        self._spec = ModelSpec(
            role="embedder",
            name=name,
            revision=revision,
            dtype=str(dtype).removeprefix("torch."),
            device=device,
        )

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return self._dimensions

    def prepare(self, items: Sequence[str]) -> Sequence[PreparedText]:
        """Tokenise normalised texts, all of their tokens."""
        return [self._windows(ids) for ids in self._encoder.ids(items)]

    def cost(self, prepared: PreparedText) -> int:
        """Tokens of all windows, special ones included."""
        return sum(len(window.ids) for window in prepared.windows)

    def collate(self, batch: Sequence[PreparedText]) -> Collated:
        """Prepared texts as tensors on the model's device."""
        windows = [window for text in batch for window in text.windows]
        costs = [len(window.ids) for window in windows]
        calls = cut(by_length(costs), costs, max_tokens=CALL_TOKENS, max_items=len(windows) or 1)
        return Collated(
            batch,
            [(call, self._encoder.inputs([windows[i] for i in call], self._device)) for call in calls],
        )

    def forward(self, inputs: Collated) -> Embedded:
        with torch.inference_mode():
            return Embedded(inputs.texts, [(call, self._embed(tensors)) for call, tensors in inputs.calls])

    def finish(self, outputs: Embedded) -> Sequence[Vector]:
        """For each text a float32 vector of shape (dimensions,) and length one, read-only.

        Raises:
            FloatingPointError: the model computed NaN or infinity.
        """
        count = sum(len(text.windows) for text in outputs.texts)
        vectors = np.zeros((count, self._dimensions), dtype=np.float32)
        for call, computed in outputs.calls:
            vectors[call] = computed.cpu().numpy()
        if not np.isfinite(vectors).all():
            raise FloatingPointError("the embedding model computed NaN or infinity")
        results: list[Vector] = []
        first = 0
        for text in outputs.texts:
            last = first + len(text.windows)
            results.append(_combine(vectors[first:last], text.weights, self._dimensions))
            first = last
        return results

    def bytes_of(self, result: Vector) -> int:
        return sys.getsizeof(result)  # the array owns its numbers, so they count

    def _windows(self, ids: list[int]) -> PreparedText:
        ranges = even_windows(len(ids), self._encoder.single_room)
        return PreparedText(
            tuple(self._encoder.single(ids[a:b]) for a, b in ranges), tuple(b - a for a, b in ranges)
        )

    def _embed(self, tensors: dict[str, Tensor]) -> Tensor:
        """Unit vectors of the windows of one call."""
        output: Tensor = self._model(tensors)["sentence_embedding"]
        return torch.nn.functional.normalize(output.float(), dim=-1)


def _combine(vectors: Vector, weights: Sequence[int], dimensions: int) -> Vector:
    """One read-only vector from those of a text's windows."""
    if not len(vectors):
        vector: Vector = np.zeros(dimensions, dtype=np.float32)
    elif len(vectors) == 1:
        vector = vectors[0].copy()
    else:
        mean = np.average(vectors.astype(np.float64), axis=0, weights=weights)
        norm = float(np.linalg.norm(mean))
        vector = (mean / norm if norm else mean).astype(np.float32)
    vector.setflags(write=False)  # the scheduler's cache hands the same array to many
    return vector
