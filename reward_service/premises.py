"""Which parts of an answer are read against each claim of the reference, and what each may count for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from reward_service.denial import Denial, denials
from reward_service.reported import is_reported
from reward_service.syntax import is_word_soup
from reward_service.types import AnnotatedSample, Document, Span

CLOSEST = 3
"""Sentences of the answer that are read against each claim."""
SPEAKS_ABOUT = 0.5
"""Cosine of sentence and claim from which the sentence speaks about the claim and may contradict it."""
MIN_WORDS = 4
"""A sentence with fewer words is a fragment ("No.", "In short:") and claims nothing by itself."""

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_QUOTES = re.compile('["“”«»]')


class Premise(NamedTuple):
    """A stretch of the answer that is read against a claim, and what its verdict may count for."""

    text: str
    supports: bool
    opposes: bool
    denial: Denial | None = None
    """Set: the answer denies `text`, so that its entailment of the claim is a contradiction."""


class Plan(NamedTuple):
    claim: str
    sentences: tuple[str, ...]
    cosines: tuple[float, ...]
    premises: tuple[Premise, ...]


def claims(reference: Document) -> tuple[Span, ...]:
    """The sentences of a reference that claim something, each distinct one once.

    Fragments and questions are left out, unless the reference holds nothing else.
    """
    worded = distinct(reference.sentences)
    full = tuple(span for span in worded if word_count(span.text) >= MIN_WORDS and not _asks(span.text))
    return full or worded


def distinct(sentences: Sequence[Span]) -> tuple[Span, ...]:
    """The sentences that hold words, each text once whatever its case and punctuation."""
    kept: dict[str, Span] = {}
    for sentence in sentences:
        if key := _key(sentence.text):
            kept.setdefault(key, sentence)
    return tuple(kept.values())


def word_count(text: str) -> int:
    """Words of a text; "don't" and "surplus-value" are one word each."""
    return len(_WORD.findall(text))


def plans(sample: AnnotatedSample) -> Iterator[Plan]:
    """For each claim: the closest sentences and the premises; the one way to name a pair."""
    wanted = claims(sample.reference)
    stated = _Context(sample.reference, denials(sample.reference))
    answered = _Context(sample.answer, _denials_of_copies(sample))
    # To an NLI model shuffled words entail much of what they were shuffled from: they assert nothing.
    soup = is_word_soup(sample.answer)
    # What is both asserted and denied counts as denied.
    offered = distinct(
        sorted(sample.answer.sentences, key=lambda sentence: answered.denial(sentence) is None)
    )
    if not wanted:
        return
    if not offered:
        yield from (Plan(claim.text, (), (), ()) for claim in wanted)
        return
    cosines = (
        np.stack([sample.vectors[claim.text] for claim in wanted])
        @ np.stack([sample.vectors[sentence.text] for sentence in offered]).T
    )  # (claims, sentences)
    for claim, row in zip(wanted, np.clip(cosines, -1.0, 1.0), strict=True):
        order = np.argsort(-row, kind="stable")[:CLOSEST]
        nearest = [(offered[i], float(row[i])) for i in order]
        denial = partial(_denial_against, claim, stated, answered)
        premises = [
            premise
            for rank, (sentence, cosine) in enumerate(nearest)
            if not soup or same(sentence.text, claim.text)
            for premise in _alone(sentence, cosine, rank, denial(sentence), answered)
        ]
        closest = nearest[0][0]
        joins = not soup and not _withdrawn(denial(closest))
        if joins and (text := _joined(closest, sample.answer, denial)):
            premises.append(Premise(text, supports=True, opposes=False))
        yield Plan(
            claim.text,
            tuple(sentence.text for sentence, _ in nearest),
            tuple(cosine for _, cosine in nearest),
            tuple(premises),
        )


class _Context:
    """What a document says about its own sentences; each is looked at once."""

    def __init__(self, document: Document, denied: Mapping[int, Denial]) -> None:
        self._document = document
        self._denials = {document.sentences[index]: denial for index, denial in denied.items()}
        self._reported: dict[Span, bool] = {}

    def denial(self, sentence: Span) -> Denial | None:
        return self._denials.get(sentence)

    def reported(self, sentence: Span) -> bool:
        if sentence not in self._reported:
            self._reported[sentence] = is_reported(self._document, sentence)
        return self._reported[sentence]


def _denials_of_copies(sample: AnnotatedSample) -> dict[int, Denial]:
    """How the answer denies its sentences; where it copies the reference and denies a part, all of the copy.

    "It is false that" before a copied passage denies its first sentence by the letter, and the passage by
    intent: nobody contradicts a text in one sentence and repeats it word for word in the next.
    """
    answer, reference = sample.answer.sentences, sample.reference.sentences
    found, agreed = denials(sample.answer), denials(sample.reference)
    places: dict[str, int] = {}
    for place, sentence in enumerate(reference):
        places.setdefault(_bare(sentence.text), place)
    for seed, denial in sorted(found.items()):
        at = places.get(_bare(denial.said))
        if at is None or at in agreed or denial.view:
            continue
        for step in (-1, 1):
            index, place = seed + step, at + step
            while 0 <= index < len(answer) and 0 <= place < len(reference):
                if index in found or not same(answer[index].text, reference[place].text):
                    break
                found[index] = Denial(answer[index].text, denial.cue, within=False)
                index, place = index + step, place + step
    return found


def _denial_against(claim: Span, stated: _Context, answered: _Context, sentence: Span) -> Denial | None:
    """How the answer denies a sentence, as far as that turns it against the claim.

    Where the reference itself denies the same, or reports the same view, an answer that denies it agrees.
    """
    denial = answered.denial(sentence)
    if denial is None or stated.denial(claim) or (denial.view and stated.reported(claim)):
        return None
    return denial


def _alone(
    sentence: Span, cosine: float, rank: int, denial: Denial | None, answered: _Context
) -> Iterator[Premise]:
    about = cosine >= SPEAKS_ABOUT
    if not _withdrawn(denial):
        opposes = rank == 0 and about and not answered.reported(sentence)
        yield Premise(sentence.text, supports=True, opposes=opposes)
    if denial is not None and about:
        for said in dict.fromkeys((denial.said, denial.said if denial.within else sentence.text)):
            yield Premise(said, supports=False, opposes=False, denial=denial)


def _withdrawn(denial: Denial | None) -> bool:
    """The whole sentence is denied elsewhere, so it asserts nothing."""
    return denial is not None and not denial.within


def _joined(sentence: Span, answer: Document, denial: Callable[[Span], Denial | None]) -> str | None:
    """A sentence with its neighbours but for the denied ones and copies of it; None where none is left."""
    index = answer.sentences.index(sentence)
    around = [
        other
        for other in answer.sentences[max(0, index - 1) : index + 2]
        if other == sentence or not (_withdrawn(denial(other)) or same(other.text, sentence.text))
    ]
    return " ".join(other.text for other in around) if len(around) > 1 else None


def same(one: str, other: str) -> bool:
    """Equal but for case, spacing, quotation marks and full stop; a statement entails itself."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(_QUOTES.sub(" ", text.casefold()).split()).strip(" .,;:!")


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _asks(text: str) -> bool:
    return text.rstrip(" \"”'’)]").endswith("?")
