"""Deterministic stand-ins for the models, for tests that are not about models.

They keep to `protocols.py`, load nothing and answer in microseconds.  What they say is roughly sensible (a
sentence has a subject and a root, overlapping texts are close, a negated copy contradicts) and never
changes between runs.  Each can be slowed down and made to fail, and remembers the batches that it ran, so
that tests can look at the scheduler's work.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from reward_service.models.fake_syntax import annotate
from reward_service.models.formats import Measured
from reward_service.models.protocols import ModelPack, ModelSpec, Staged
from reward_service.types import Annotate, Calibration, Document, Pair, Vector, Verdict

_WORD = re.compile(r"\w+")
_NEGATION_LIST = "not no never none nor cannot without neither nobody nothing"
_NEGATIONS = frozenset(_NEGATION_LIST.split())
_STOP_WORD_LIST = (
    "a an the of in on at to by for from with and or but is are was were be been it its this that as"
)
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())
_OPEN_VERDICT = Verdict(0.05, 0.9, 0.05)

Item = TypeVar("Item", str, Pair)
Result = TypeVar("Result")


class FakeModel(Staged, Generic[Item, Result]):
    """What the fakes share: a delay for each `forward`, items on which it raises, and a record of batches."""

    role: Literal["nli", "embedder", "annotator"]

    def __init__(self, *, delay_s: float = 0.0, fail_on: Collection[Item] = ()) -> None:
        self.delay_s = delay_s
        self.fail_on: frozenset[Item] = frozenset(fail_on)
        self.batches: list[list[Item]] = []
        """Every batch that `forward` got, the failed ones too."""

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec(
            role=self.role, name=f"fake-{self.role}", revision="1", dtype="float32", device="cpu"
        )

    def prepare(self, items: Sequence[Item]) -> Sequence[Item]:
        return list(items)

    def cost(self, prepared: Item) -> int:
        """Words, and two for what a tokenizer adds."""
        text = prepared if isinstance(prepared, str) else f"{prepared.premise} {prepared.hypothesis}"
        return len(_WORD.findall(text)) + 2

    def collate(self, batch: Sequence[Item]) -> list[Item]:
        return list(batch)

    def forward(self, inputs: list[Item]) -> list[Result]:
        self.batches.append(inputs)
        if self.delay_s:
            time.sleep(self.delay_s)
        for item in inputs:
            if item in self.fail_on:
                raise RuntimeError(f"told to fail on {item!r}")
        return [self.answer(item) for item in inputs]

    def finish(self, outputs: list[Result]) -> Sequence[Result]:
        return outputs

    def bytes_of(self, result: Any) -> int:
        """The result's own memory, without what it refers to."""
        return sys.getsizeof(result)

    @abstractmethod
    def answer(self, item: Item) -> Result:
        """The result for one item."""


class FakeAnnotator(FakeModel[str, Document]):
    """Sentences by punctuation, parts of speech by word lists and endings; see `fake_syntax.py`."""

    role = "annotator"

    def prepare(self, items: Sequence[str | Annotate]) -> Sequence[str]:
        return [item.text if isinstance(item, Annotate) else item for item in items]

    def answer(self, item: str) -> Document:
        return annotate(item)


class FakeEmbedder(FakeModel[str, Vector]):
    """Hashed bag of content words: the cosine grows with the share of words that two texts have in common.

    A text without words gets the zero vector, as the real embedder gives it.
    """

    role = "embedder"
    dimensions = 512

    def answer(self, item: str) -> Vector:
        words = _words(item)
        vector = np.zeros(self.dimensions, dtype=np.float32)
        for word in [word for word in words if word not in _STOP_WORDS] or words:
            digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            number = int.from_bytes(digest, "big")
            vector[number % self.dimensions] += 1.0 if number >> 63 else -1.0
        norm = float(np.linalg.norm(vector))
        return vector / np.float32(norm) if norm else vector


class FakeNli(FakeModel[Pair, Verdict]):
    """Entailment where the premise holds the hypothesis's words; contradiction where one of them is negated.

    Args:
        verdicts: what to say to given pairs, instead of the rule.
        calibration: the thresholds to report.
    """

    role = "nli"

    def __init__(
        self,
        verdicts: Mapping[Pair, Verdict] | None = None,
        *,
        calibration: Calibration | None = None,
        delay_s: float = 0.0,
        fail_on: Collection[Pair] = (),
    ) -> None:
        super().__init__(delay_s=delay_s, fail_on=fail_on)
        self.verdicts = dict(verdicts or {})
        self._calibration = calibration or Calibration()
        self.measured: Measured | None = None

    @property
    def calibration(self) -> Calibration:
        return self._calibration

    def answer(self, item: Pair) -> Verdict:
        if item in self.verdicts:
            return self.verdicts[item]
        premise, hypothesis = set(_words(item.premise)), set(_words(item.hypothesis))
        wanted = hypothesis - _STOP_WORDS - _NEGATIONS
        if not wanted:
            return _OPEN_VERDICT
        share = len(wanted & premise) / len(wanted)
        if share < 0.5:
            return _OPEN_VERDICT
        strong = 0.05 + 0.9 * share
        rest = 1.0 - strong
        same_polarity = bool(premise & _NEGATIONS) == bool(hypothesis & _NEGATIONS)
        if same_polarity:
            return Verdict(strong, 0.8 * rest, 0.2 * rest)
        return Verdict(0.2 * rest, 0.8 * rest, strong)


def fake_pack(
    *,
    annotator: FakeAnnotator | None = None,
    embedder: FakeEmbedder | None = None,
    nli: FakeNli | None = None,
) -> ModelPack:
    """A pack of fakes; any of them can be given, slowed down or told to fail."""
    return ModelPack(
        name="fake",
        annotator=annotator or FakeAnnotator(),
        embedder=embedder or FakeEmbedder(),
        nli=nli or FakeNli(),
    )


def _words(text: str) -> list[str]:
    """Lower-case words, with a plural s cut off so that "class" and "classes" meet more often than not."""
    return [_singular(word) for word in _WORD.findall(text.casefold())]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("sses"):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
