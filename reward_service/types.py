"""Frozen values that flow through the engine: Sample → AnnotatedSample → Pair → Verdict → Score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reward_service.remembered import Remembers
from shared.completion import Completion

Vector = NDArray[np.float32]
"""A unit vector, shape (dimensions,)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion to be scored, as plain text."""

    id: str
    question: str
    completion: Completion
    reference: str | None
    passages: tuple[str, ...] = ()
    """What the answer was to rest on."""


class Token(NamedTuple):
    """A token as the syntax model sees it; spans are character offsets into the document's text."""

    text: str
    lemma: str
    pos: str
    """Universal part of speech: NOUN, VERB, AUX, …"""
    tag: str
    """Fine-grained tag: VBD, NNS, …"""
    dep: str
    """Dependency label towards the head: nsubj, dobj, ROOT, …"""
    head: int
    """Index of the head in the document; its own index for a root."""
    start: int
    end: int
    is_stop: bool
    finite: bool
    """A finite verb or auxiliary."""


class Span(NamedTuple):
    """A stretch of a document: character offsets, and the tokens [first, last) that it holds."""

    text: str
    start: int
    end: int
    first: int
    last: int
    root: int
    """Index of its syntactic head."""
    label: str = ""
    """Entity type; empty for sentences and noun chunks."""


@dataclass(frozen=True, slots=True)
class Document(Remembers):
    """A text with its syntax.  Sentences never overlap and leave out only white space."""

    text: str
    tokens: tuple[Token, ...] = ()
    sentences: tuple[Span, ...] = ()
    chunks: tuple[Span, ...] = ()
    """Noun chunks without leading determiners."""
    entities: tuple[Span, ...] = ()
    derived: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """See `remembered.py`."""


EMPTY_DOCUMENT = Document("")


@dataclass(frozen=True, slots=True)
class AnnotatedSample(Remembers):
    """A sample with what the wanted rewards read; what no reward asked for is empty.

    `vectors` maps a text (a sentence, a chunk, a whole answer) to its unit vector.
    """

    sample: Sample
    question: Document = EMPTY_DOCUMENT
    answer: Document = EMPTY_DOCUMENT
    reference: Document = EMPTY_DOCUMENT
    passages: tuple[Document, ...] = ()
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    derived: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """See `remembered.py`."""


class Annotate(NamedTuple):
    """A text whose syntax is wanted, with its named entities or without."""

    text: str
    entities: bool = True


class Pair(NamedTuple):
    """A question to the NLI model: does the premise entail the hypothesis?"""

    premise: str
    hypothesis: str


class Verdict(NamedTuple):
    """P(entailment), P(neutral), P(contradiction); they sum to 1."""

    entailment: float
    neutral: float
    contradiction: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds that turn probabilities into verdicts; they belong to one NLI model, stored with it."""

    temperature: float = 1.0
    claim_entailed: float = 0.5
    """A claim counts as entailed from this P(entailment)."""
    claim_contradicted: float = 0.5
    """A claim counts as contradicted from this P(contradiction)."""
    answer_entailed: float = 0.5
    """The share of claims entailed from which the answer entails the reference."""
    answer_contradicted: float = 0.3
    """The share of claims contradicted from which the answer contradicts the reference."""
    sentence_contradicted: float = 0.9
    """P(contradiction), in both directions, from which two sentences of one answer contradict each other."""
    source: str | None = None
    """On what these were chosen; None for the defaults."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the NLI model said to the pairs of a sample, with the thresholds that belong to it."""

    by_pair: Mapping[Pair, Verdict] = field(default_factory=dict)
    calibration: Calibration = Calibration()

    def __getitem__(self, pair: Pair) -> Verdict:
        """The verdict on a pair that the reward asked for.

        Raises:
            KeyError: the reward never asked for this pair.
        """
        return self.by_pair[pair]

    def get(self, pair: Pair) -> Verdict | None:
        """The verdict on a pair; None where it was not run, since it could not matter any more."""
        return self.by_pair.get(pair)

    def joined(self, more: Iterable[tuple[Pair, Verdict]]) -> Verdicts:
        """These verdicts and further ones."""
        return Verdicts({**self.by_pair, **dict(more)}, self.calibration)


@dataclass(frozen=True, slots=True)
class Score:
    """What a reward says of one sample.  `score` None means: could not be scored, and `reason` says why."""

    score: float | None
    value: float | None = None
    """The continuous quantity below the bands."""
    reason: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    decided_by: str | None = None
    """Of a combined reward: the gate that decided, or `sum`."""
    parts: Mapping[str, float | None] | None = None
    """Of a combined reward: contributions to the sum, or the part that a gate read."""

    def __post_init__(self) -> None:
        if (self.score is None) != (self.reason is not None):
            raise ValueError("a score has no reason, and a missing score needs one")

    @classmethod
    def unscorable(cls, reason: str, **evidence: Any) -> Score:
        """A missing score and why it is missing; never 0.0."""
        return cls(None, reason=reason, evidence=evidence)


@dataclass(frozen=True, slots=True)
class ScoredSample:
    """All scores of one sample: the asked rewards and every part of them, by name."""

    sample: Sample
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Cost:
    """What scoring a batch cost."""

    nli_pairs: int = 0
    nli_tokens: int = 0
    cached: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.nli_pairs + other.nli_pairs, self.nli_tokens + other.nli_tokens, self.cached + other.cached
        )


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The engine's answer: one scored sample for each sample, in order."""

    samples: Sequence[ScoredSample]
    cost: Cost
