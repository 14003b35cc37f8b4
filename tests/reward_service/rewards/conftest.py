"""Samples as the rewards get them: real syntax, vectors and verdicts from the fakes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Protocol

import pytest

from reward_service.lexicons import Lexicon, load_lexicon
from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.fakes import FakeEmbedder, FakeNli
from reward_service.models.protocols import Annotator, Embedder, NliModel
from reward_service.rewards.base import Domain, Reads, Reward
from reward_service.types import EMPTY_DOCUMENT, AnnotatedSample, Document, Sample, Score, Verdicts
from shared.completion import split

ALL_READS = frozenset(Reads)


class Annotate(Protocol):
    """Builds a sample as the engine would."""

    def __call__(
        self,
        question: str = "",
        answer: str = "",
        reference: str | None = None,
        *,
        passages: Sequence[str] = (),
        reads: Iterable[Reads] = ALL_READS,
        embedder: Embedder | None = None,
    ) -> AnnotatedSample:
        """`answer` is the whole completion; its tags are split off. Only what `reads` names is filled in."""


class VerdictsFor(Protocol):
    """Judges the pairs that the rewards ask for."""

    def __call__(
        self, sample: AnnotatedSample, rewards: Sequence[Reward], nli: NliModel | None = None
    ) -> Verdicts: ...


class ScoreAnswer(Protocol):
    """Annotates, judges and scores in one go."""

    def __call__(
        self,
        reward: Reward,
        answer: str,
        *,
        question: str = "What is the source of value?",
        reference: str | None = None,
        nli: NliModel | None = None,
        embedder: Embedder | None = None,
    ) -> Score: ...


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon("marxist")


@pytest.fixture(scope="session")
def domain(lexicon: Lexicon) -> Domain:
    return Domain(lexicon)


@pytest.fixture(scope="session")
def annotator() -> Annotator:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(spacy|thinc|weasel|click)")
        return SpacyAnnotator()


@pytest.fixture(scope="session")
def annotate(annotator: Annotator) -> Annotate:
    documents: dict[str, Document] = {}

    def parse(text: str) -> Document:
        if text not in documents:
            documents[text] = annotator.run(annotator.prepare([text]))[0]
        return documents[text]

    def build(
        question: str = "",
        answer: str = "",
        reference: str | None = None,
        *,
        passages: Sequence[str] = (),
        reads: Iterable[Reads] = ALL_READS,
        embedder: Embedder | None = None,
    ) -> AnnotatedSample:
        wanted = frozenset(reads)
        completion = split(answer)
        sample = Sample("sample", question, completion, reference, tuple(passages))

        def read(text: str | None, *which: Reads) -> Document:
            return parse(text) if text and wanted & set(which) else EMPTY_DOCUMENT

        asked = read(question, Reads.QUESTION, Reads.QUESTION_CHUNKS)
        answered = read(completion.answer, Reads.ANSWER, Reads.ANSWER_SENTENCES, Reads.ANSWER_CHUNKS)
        referred = read(reference, Reads.REFERENCE, Reads.REFERENCE_SENTENCES)
        given = tuple(read(text, Reads.PASSAGES, Reads.PASSAGE_SENTENCES) for text in passages)
        texts = {
            *([question] if Reads.QUESTION_VECTOR in wanted else []),
            *([completion.answer] if Reads.ANSWER_VECTOR in wanted else []),
            *([reference] if reference and Reads.REFERENCE_VECTOR in wanted else []),
            *(span.text for span in answered.sentences if Reads.ANSWER_SENTENCES in wanted),
            *(span.text for span in referred.sentences if Reads.REFERENCE_SENTENCES in wanted),
            *(
                span.text
                for document in given
                for span in document.sentences
                if Reads.PASSAGE_SENTENCES in wanted
            ),
            *(span.text for span in answered.chunks if Reads.ANSWER_CHUNKS in wanted),
            *(span.text for span in asked.chunks if Reads.QUESTION_CHUNKS in wanted),
        }
        ordered = sorted(text for text in texts if text.strip())
        model = embedder or FakeEmbedder()
        vectors = dict(zip(ordered, model.run(model.prepare(ordered)), strict=True)) if ordered else {}
        return AnnotatedSample(sample, asked, answered, referred, given, vectors)

    return build


@pytest.fixture(scope="session")
def verdicts_for() -> VerdictsFor:
    def judge(sample: AnnotatedSample, rewards: Sequence[Reward], nli: NliModel | None = None) -> Verdicts:
        model = nli or FakeNli()
        pairs = list(dict.fromkeys(pair for reward in rewards for pair in reward.pairs(sample)))
        return Verdicts(
            dict(zip(pairs, model.run(model.prepare(pairs)), strict=True)) if pairs else {}, model.calibration
        )

    return judge


@pytest.fixture(scope="session")
def score_answer(annotate: Annotate, verdicts_for: VerdictsFor) -> ScoreAnswer:
    def score(
        reward: Reward,
        answer: str,
        *,
        question: str = "What is the source of value?",
        reference: str | None = None,
        nli: NliModel | None = None,
        embedder: Embedder | None = None,
    ) -> Score:
        sample = annotate(question, answer, reference, reads=reward.reads, embedder=embedder)
        return reward.score(sample, verdicts_for(sample, [reward], nli))

    return score
