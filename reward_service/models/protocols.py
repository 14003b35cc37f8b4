"""What the engine wants of a model.  The real ones and the fakes in `fakes.py` both keep to this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from reward_service.models.formats import Measured
from reward_service.types import Annotate, Calibration, Document, Pair, Vector, Verdict


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model is resident; part of the fingerprint."""

    role: Literal["nli", "embedder", "annotator"]
    name: str
    revision: str
    dtype: str
    device: str


Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Model(Protocol[Item_contra, Result_co]):
    """A model as the scheduler sees it: the four steps of a batch, each in a thread of its own.

    `prepare` and `cost` must be safe in any thread, and `forward` of a model on a CPU too.  `collate` and
    `finish` are each called from one thread at a time, but side by side: while batches are in `forward`, the
    next one is collated and the last one finished.  Results never depend on what else is in the batch (up to
    float rounding).
    """

    @property
    def spec(self) -> ModelSpec: ...

    def prepare(self, items: Sequence[Item_contra]) -> Sequence[Any]:
        """Tokenise: one prepared object for each item."""

    def cost(self, prepared: Any) -> int:
        """The tokens of one prepared item; the scheduler sorts and cuts batches by it."""

    def collate(self, batch: Sequence[Any]) -> Any:
        """Prepared items as the inputs of a forward call, on the model's device."""

    def forward(self, inputs: Any) -> Any:
        """The matrix products, and nothing else."""

    def finish(self, outputs: Any) -> Sequence[Result_co]:
        """What `forward` gave as one result for each item, in order."""

    def run(self, batch: Sequence[Any]) -> Sequence[Result_co]:
        """`collate`, `forward` and `finish` in one go, for callers without a scheduler."""

    def bytes_of(self, result: Any) -> int:
        """About how much memory a result takes; the scheduler's cache is bounded by it."""

    def health(self) -> str | None:
        """What is wrong with the model now, such as a process that is restarted; None if nothing."""

    def close(self) -> None:
        """Give back processes and memory; called once, when no call runs any more."""


class Staged(ABC):
    """What most models share of `Model`: `run` made of its steps, and no health or resources of their own."""

    @abstractmethod
    def collate(self, batch: Sequence[Any]) -> Any: ...

    @abstractmethod
    def forward(self, inputs: Any) -> Any: ...

    @abstractmethod
    def finish(self, outputs: Any) -> Sequence[Any]: ...

    def run(self, batch: Sequence[Any]) -> Sequence[Any]:
        return self.finish(self.forward(self.collate(batch)))

    def health(self) -> str | None:
        return None

    def close(self) -> None:  # noqa: B027  (a hook, empty on purpose)
        pass


class Annotator(Model[str | Annotate, Document], Protocol):
    """Texts → documents with sentences, dependency roles, noun chunks and, where wanted, entities."""


class Embedder(Model[str, Vector], Protocol):
    """Texts → unit vectors, shape (dimensions,).  Long texts are embedded by windows, never cut."""


class NliModel(Model[Pair, Verdict], Protocol):
    """Pairs → verdicts.  Pairs longer than the model's input are judged by windows, never cut."""

    measured: Measured | None
    """What the start measured of its number formats; None where the format was not chosen so."""

    @property
    def calibration(self) -> Calibration: ...


@dataclass(frozen=True, slots=True)
class ModelPack:
    """The models that are resident together."""

    name: str
    annotator: Annotator
    embedder: Embedder
    nli: NliModel

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The models' specs, in the order annotator, embedder, NLI."""
        return (self.annotator.spec, self.embedder.spec, self.nli.spec)
