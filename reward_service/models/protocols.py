"""What the engine wants of a model.  The real ones and the fakes in `fakes.py` both keep to this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from reward_service.types import Calibration, Document, Pair, Vector, Verdict


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
    """A model as the scheduler sees it: prepare (any thread), then run batches (its own thread).

    `run` may be called only from one thread at a time; `prepare` and `cost` must be safe anywhere.
    Results never depend on what else is in the batch (up to float rounding).
    """

    @property
    def spec(self) -> ModelSpec: ...

    def prepare(self, items: Sequence[Item_contra]) -> Sequence[Any]:
        """Tokenise: one prepared object for each item."""

    def cost(self, prepared: Any) -> int:
        """The tokens of one prepared item; the scheduler sorts and cuts batches by it."""

    def run(self, batch: Sequence[Any]) -> Sequence[Result_co]:
        """One forward call: prepared items → one result for each, in order."""


class Annotator(Model[str, Document], Protocol):
    """Texts → documents with sentences, dependency roles, noun chunks and entities."""


class Embedder(Model[str, Vector], Protocol):
    """Texts → unit vectors, shape (dimensions,).  Long texts are embedded by windows, never cut."""


class NliModel(Model[Pair, Verdict], Protocol):
    """Pairs → verdicts.  Pairs longer than the model's input are judged by windows, never cut."""

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
