"""What a batch needs before it can be scored: the texts to annotate and to embed, and the pairs to infer.

Pure; the engine fetches what is named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reward_service.evidence.claims import NO_REFERENCE
from reward_service.evidence.faithfulness import NO_PASSAGE
from reward_service.markdown import plain
from reward_service.rewards.base import PASSAGE_READS, REFERENCE_READS, Reads, Reward
from reward_service.text import normalise
from reward_service.types import EMPTY_DOCUMENT, AnnotatedSample, Document, Pair, Sample, Verdicts


def normalised(sample: Sample) -> Sample:
    """The sample with all its texts normalised, and all but the question without Markdown.

    An empty reference is none.  An empty passage says nothing and keeps its place, so that the number of a
    passage in the evidence is that of the request.
    """
    completion = replace(
        sample.completion,
        reasoning=normalise(sample.completion.reasoning),
        answer=_read(sample.completion.answer),
    )
    reference = _read(sample.reference) if sample.reference is not None else ""
    passages = tuple(map(_read, sample.passages))
    return Sample(sample.id, normalise(sample.question).strip(), completion, reference or None, passages)


def _read(text: str) -> str:
    return plain(normalise(text)).strip()


def missing(sample: Sample, function: Reward) -> str | None:
    """Why a normalised sample lacks what the reward compares with; None where it has it."""
    if sample.reference is None and function.reads & REFERENCE_READS:
        return NO_REFERENCE
    if not any(sample.passages) and function.reads & PASSAGE_READS:
        return NO_PASSAGE
    return None


def scorable(sample: Sample, function: Reward) -> bool:
    """Whether a normalised sample has what the reward compares with."""
    return missing(sample, function) is None


def texts_to_annotate(sample: Sample, reads: frozenset[Reads]) -> Iterator[str]:
    """The texts whose syntax is read."""
    if reads & {Reads.ANSWER, Reads.ANSWER_SENTENCES, Reads.ANSWER_CHUNKS}:
        yield sample.completion.answer
    if reads & {Reads.QUESTION, Reads.QUESTION_CHUNKS}:
        yield sample.question
    if sample.reference and reads & {Reads.REFERENCE, Reads.REFERENCE_SENTENCES}:
        yield sample.reference
    if reads & PASSAGE_READS:
        yield from sample.passages


def with_documents(sample: Sample, documents: Mapping[str, Document]) -> AnnotatedSample:
    """The sample with its documents; a text that nobody asked to annotate is a document without syntax."""

    def document(text: str | None) -> Document:
        return documents.get(text, replace(EMPTY_DOCUMENT, text=text)) if text else EMPTY_DOCUMENT

    return AnnotatedSample(
        sample,
        document(sample.question),
        document(sample.completion.answer),
        document(sample.reference),
        tuple(map(document, sample.passages)),
    )


def texts_to_embed(draft: AnnotatedSample, functions: Sequence[Reward]) -> Iterator[str]:
    """The texts whose vectors are read."""
    reads = frozenset[Reads]().union(*(function.reads for function in functions))
    if Reads.QUESTION_VECTOR in reads:
        yield draft.question.text
    if Reads.ANSWER_VECTOR in reads:
        yield draft.answer.text
    if Reads.REFERENCE_VECTOR in reads:
        yield draft.reference.text
    if Reads.ANSWER_SENTENCES in reads:
        yield from (sentence.text for sentence in draft.answer.sentences)
    if Reads.REFERENCE_SENTENCES in reads:
        yield from (sentence.text for sentence in draft.reference.sentences)
    if Reads.PASSAGE_SENTENCES in reads:
        yield from (sentence.text for passage in draft.passages for sentence in passage.sentences)
    for function in functions:
        yield from function.chunks(draft)


def pairs(samples: Sequence[AnnotatedSample], functions: Sequence[Reward]) -> list[Pair]:
    """The union of the NLI pairs that the rewards ask for, each once."""
    return list(
        dict.fromkeys(
            pair
            for sample in samples
            for function in functions
            if Reads.NLI in function.reads and scorable(sample.sample, function)
            for pair in function.pairs(sample)
        )
    )


def next_pairs(function: Reward, sample: AnnotatedSample, verdicts: Verdicts) -> Sequence[Pair]:
    """The pairs that a reward's score of a sample still depends on."""
    if Reads.NLI not in function.reads or not scorable(sample.sample, function):
        return ()
    return function.next_pairs(sample, verdicts)


def unique(texts: Iterator[str]) -> list[str]:
    """Each text once, in the order of first sight; blank ones are left out."""
    return [text for text in dict.fromkeys(texts) if text.strip()]
