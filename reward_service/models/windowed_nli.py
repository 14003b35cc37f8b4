"""What all NLI models share: windows over long pairs, calls of one padded length, a safe softmax."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from reward_service.errors import ModelUnavailable
from reward_service.models.batching import few_calls
from reward_service.models.calibration_file import stored_calibration
from reward_service.models.doubt import doubtful
from reward_service.models.encoding import Encoder, Tokens
from reward_service.models.formats import Measured
from reward_service.models.int8 import use_int8
from reward_service.models.protocols import ModelSpec, Staged
from reward_service.models.windows import even_windows, overlapping_windows
from reward_service.quality.labelled import LABELS
from reward_service.types import Calibration, Pair, Verdict

CALL_TOKENS = 16_384
"""Padded tokens of one forward call on a GPU; only pairs with very many windows reach it."""
CPU_CALL_TOKENS = 1024
"""The same on a CPU: what one call works on stays in its caches."""
LENGTH_STEP = 4
"""In short number formats each input is padded to the next multiple of this, whatever it is batched with.

There inputs of one padded length share a forward call.  So what a pair's numbers look like on their way
through the model depends on the pair alone, and its verdict doesn't depend on its company even in bfloat16,
where another padding would move it by up to half a percent.
"""
EXACT_CALL_TOKENS = 16
"""What another forward call costs in float32 on a CPU, in tokens.

There another padding moves nothing, so inputs of nearby lengths share a call, and products get larger.
"""
VERDICT_BYTES = 600
"""About what a verdict takes in a cache together with the pair of texts that it is found by."""


class PreparedPair(NamedTuple):
    """A pair as input sequences: for each window of the hypothesis, one for each window of the premise."""

    windows: tuple[tuple[Tokens, ...], ...]


class Call(NamedTuple):
    """One forward call: windows of one padded length."""

    windows: list[int]
    """Their numbers among all windows of the batch."""
    inputs: dict[str, Tensor]
    """Each of shape (n, length)."""


class Collated(NamedTuple):
    """A batch of pairs as the calls that its windows need."""

    rows: list[list[int]]
    """For each pair, how many premise windows each of its hypothesis windows has."""
    windows: list[Tokens]
    """Of all pairs."""
    calls: list[Call]


class Judged(NamedTuple):
    """A batch after the calls."""

    rows: list[list[int]]
    """As of the batch."""
    calls: list[list[int]]
    """For each forward call its windows' numbers."""
    logits: list[Tensor]
    """Of each call, shape (n, 3), in the model's own order of labels; what a later call says of a window
    counts."""


class WindowedNli(Staged):
    """What both kinds of NLI models share.

    A pair that fits the model's input is judged as it is.  Of a longer one, the hypothesis is cut into
    consecutive windows (of at most half the input, or what the premise leaves free) and the premise into
    windows that overlap by a quarter.  Each hypothesis window gets the verdict of the premise window that
    is least neutral about it (the first of equals), and the pair gets the mean over its hypothesis windows:
    entailed is what is entailed in all its parts.
    """

    measured: Measured | None = None
    """What the start measured of the number formats, where it had a choice."""
    _model: Any
    _exact: Any = None
    """The model in float32, where `_model` is in a short format whose doubtful verdicts it decides."""

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

    def collate(self, batch: Sequence[PreparedPair]) -> Collated:
        """The windows of all pairs as padded tensors on the model's device, by forward calls."""
        windows = [tokens for pair in batch for row in pair.windows for tokens in row]
        exact = self._spec.device == "cpu" and self._spec.dtype == "float32"
        calls = self._calls(windows, range(len(windows)), exact=exact)
        return Collated([[len(row) for row in pair.windows] for pair in batch], windows, calls)

    def forward(self, inputs: Collated) -> Judged:
        """The logits of all windows; on a GPU they may still be on their way."""
        with torch.inference_mode():
            judged = Judged(
                inputs.rows,
                [call.windows for call in inputs.calls],
                [self._logits(self._model, call.inputs) for call in inputs.calls],
            )
            certain = self._exact is None or not judged.calls
            return judged if certain else self._decided(inputs.windows, judged)

    def finish(self, outputs: Judged) -> Sequence[Verdict]:
        """A verdict for each pair, with the calibration's temperature.

        Raises:
            FloatingPointError: the model computed NaN or infinity.
        """
        if not outputs.calls:
            return []
        with torch.inference_mode():
            found = self._probabilities(outputs.logits).numpy()
        if not np.isfinite(found).all():
            raise FloatingPointError("the NLI model computed NaN or infinity")
        numbers = list(chain.from_iterable(outputs.calls))
        probabilities = np.empty((max(numbers) + 1, found.shape[1]))
        for number, row in zip(numbers, found, strict=True):
            probabilities[number] = row
        verdicts: list[Verdict] = []
        first = 0
        for pair in outputs.rows:
            decided = []
            for windows in pair:
                part = probabilities[first : first + windows]
                decided.append(part[part[:, 1].argmin()])
                first += windows
            verdicts.append(Verdict(*(float(p) for p in np.mean(decided, axis=0))))
        return verdicts

    def bytes_of(self, result: Verdict) -> int:  # noqa: ARG002  (verdicts are all of one size)
        return VERDICT_BYTES

    def _use(self, model: nn.Module, body: nn.Module, dtype: torch.dtype) -> None:
        """Judge with a model from now on.

        Args:
            model: in float32, or in `dtype` already.
            body: what is inside of it without the head.
            dtype: the number format to judge in.
        """
        device = self._spec.device
        if device != "cpu" or dtype is torch.float32:
            self._model = model.to(device=device, dtype=dtype)
            return
        self._exact = model
        if dtype is torch.int8:
            copies: dict[int, Any] = {
                id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())
            }
            self._model = deepcopy(model, copies)
            use_int8(copies[id(body)])
        else:
            self._model = deepcopy(model).to(dtype)

    @abstractmethod
    def _logits(self, model: Any, inputs: dict[str, Tensor]) -> Tensor:
        """Logits of shape (n, 3) in the model's own order of labels."""

    def _calls(self, windows: Sequence[Tokens], numbers: Sequence[int], *, exact: bool) -> list[Call]:
        """Some of the windows of a batch as calls of a model, in float32 on a CPU or in another way."""
        step = 1 if exact else LENGTH_STEP
        limit = self._encoder.max_length
        lengths = [min(limit, -(-len(windows[number].ids) // step) * step) for number in numbers]
        budget = CPU_CALL_TOKENS if self._spec.device == "cpu" else CALL_TOKENS
        calls = []
        for chosen in few_calls(lengths, budget, EXACT_CALL_TOKENS if exact else 0):
            call = [numbers[index] for index in chosen]
            tokens = [windows[number] for number in call]
            calls.append(Call(call, self._encoder.inputs(tokens, self._spec.device, lengths[chosen[-1]])))
        return calls

    def _decided(self, windows: Sequence[Tokens], judged: Judged) -> Judged:
        """With further calls in float32 of the windows that a short format leaves in doubt."""
        numbers = list(chain.from_iterable(judged.calls))
        doubts = doubtful(self._probabilities(judged.logits), self._calibration)
        again = [number for number, doubt in zip(numbers, doubts.tolist(), strict=True) if doubt]
        calls = self._calls(windows, again, exact=True)
        return Judged(
            judged.rows,
            [*judged.calls, *(call.windows for call in calls)],
            [*judged.logits, *(self._logits(self._exact, call.inputs) for call in calls)],
        )

    def _probabilities(self, logits: Sequence[Tensor]) -> Tensor:
        """Of all calls, in the order of LABELS: shape (n, 3), float64, on the CPU."""
        scaled = torch.cat([call.double() for call in logits]).cpu() / self._calibration.temperature
        return torch.softmax(scaled, dim=-1)[:, self._order]

    def _windows(self, premise: list[int], hypothesis: list[int]) -> PreparedPair:
        room = self._encoder.pair_room
        hypothesis_room = max(room // 2, room - len(premise))
        parts = [hypothesis[a:b] for a, b in even_windows(len(hypothesis), hypothesis_room)] or [[]]
        premise_room = room - max(map(len, parts))
        premises = [
            premise[a:b] for a, b in overlapping_windows(len(premise), premise_room, premise_room // 4)
        ]
        return PreparedPair(tuple(tuple(self._encoder.pair(p, part) for p in premises) for part in parts))


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
