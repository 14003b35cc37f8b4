"""What a reward function is: a pure function of an annotated sample and its verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from reward_service.lexicons import Lexicon
from reward_service.types import AnnotatedSample, Pair, Score, ScoredSample, Verdicts


class Reads(StrEnum):
    """What a reward reads; a step of the engine that no wanted reward needs does not run."""

    TAGS = "tags"
    """The completion's tags alone."""
    QUESTION = "question"
    """The question's syntax."""
    ANSWER = "answer"
    """The answer's syntax."""
    REFERENCE = "reference"
    """The reference's syntax.  A sample without reference is unscorable under this reward."""
    ENTITIES = "entities"
    """The named entities of the texts whose syntax is read."""
    PASSAGES = "passages"
    """The passages' syntax.  A sample without passages is unscorable under this reward."""
    PASSAGE_SENTENCES = "passage_sentences"
    """The vectors of the passages' sentences."""
    QUESTION_VECTOR = "question_vector"
    """The vector of the whole question, under its text."""
    ANSWER_VECTOR = "answer_vector"
    """The vector of the whole answer, under its text."""
    REFERENCE_VECTOR = "reference_vector"
    """The vector of the whole reference, under its text."""
    ANSWER_SENTENCES = "answer_sentences"
    """The vectors of the answer's sentences."""
    REFERENCE_SENTENCES = "reference_sentences"
    """The vectors of the reference's sentences."""
    ANSWER_CHUNKS = "answer_chunks"
    """The vectors of the answer's noun chunks."""
    QUESTION_CHUNKS = "question_chunks"
    """The vectors of the question's noun chunks."""
    NLI = "nli"
    """Verdicts on the pairs that `pairs` names."""


REFERENCE_READS = frozenset({Reads.REFERENCE, Reads.REFERENCE_VECTOR, Reads.REFERENCE_SENTENCES})
PASSAGE_READS = frozenset({Reads.PASSAGES, Reads.PASSAGE_SENTENCES})


@dataclass(frozen=True, slots=True)
class Domain:
    """What a reward may know beside the sample: the domain's lexicon."""

    lexicon: Lexicon


class Reward(ABC):
    """One reward function.  A concrete subclass in its own file of `rewards/` is discovered by that alone.

    The docstring is published by `GET /rewards`: what it measures, range, formula, source.
    """

    name: ClassVar[str]
    low: ClassVar[float]
    high: ClassVar[float]
    reads: ClassVar[frozenset[Reads]]
    deprecated: ClassVar[str | None] = None
    """Why it should not be used any more."""

    def __init__(self, domain: Domain) -> None:
        self.lexicon = domain.lexicon

    def pairs(self, sample: AnnotatedSample) -> Sequence[Pair]:  # noqa: ARG002
        """The NLI pairs that `score` will look up; none by default."""
        return ()

    def next_pairs(self, sample: AnnotatedSample, verdicts: Verdicts) -> Sequence[Pair]:
        """The pairs that the score itself still depends on, given the verdicts that are known.

        Asked again and again until none is left, where nobody wants the evidence; `score` is then called with
        these verdicts alone and must come to the same score as with all of `pairs`.  By default all of them.
        """
        return [pair for pair in self.pairs(sample) if verdicts.get(pair) is None]

    def chunks(self, sample: AnnotatedSample) -> Iterable[str]:
        """The noun chunks, of those that `reads` names, whose vectors `score` looks up; all by default.

        Asked when the syntax is there and no vector yet.
        """
        if Reads.ANSWER_CHUNKS in self.reads:
            yield from (chunk.text for chunk in sample.answer.chunks)
        if Reads.QUESTION_CHUNKS in self.reads:
            yield from (chunk.text for chunk in sample.question.chunks)

    @abstractmethod
    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
        """Score one sample: pure, and total: whatever text comes gets a score or a reason."""

    def observe(self, batch: Sequence[ScoredSample]) -> None:  # noqa: B027  (a hook, empty on purpose)
        """Look at a finished batch, for logging; changes nothing."""
