"""Which parts of an answer are read against each claim of the reference, and what each may count for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reward_service.denial import Denial, denials
from reward_service.difference import Difference, Word, difference, overlap, words_of
from reward_service.reported import is_reported
from reward_service.statements import bare, claims, distinct, same
from reward_service.syntax import is_word_soup
from reward_service.types import AnnotatedSample, Document, Span
from reward_service.uncommitted import is_uncommitted

CLOSEST = 3
"""Sentences of the answer that are read against each claim."""
SPEAKS_ABOUT = 0.5
"""Cosine of sentence and claim from which the sentence speaks about the claim and may contradict it."""


class Premise(NamedTuple):
    """A stretch of the answer that is read against a claim, and what its verdict may count for."""

    text: str
    supports: bool
    opposes: bool
    denial: Denial | None = None
    """Set: the answer denies `text`, so that its entailment of the claim is a contradiction."""
    difference: Difference | None = None
    """Set: `text` is a false copy of the claim, so that it contradicts the claim whatever a model says."""


class Plan(NamedTuple):
    claim: str
    sentences: tuple[str, ...]
    cosines: tuple[float, ...]
    premises: tuple[Premise, ...]


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
        stance = _Stance(claim, wanted, stated, answered, [sentence for sentence, _ in nearest])
        premises = [
            premise
            for rank, (sentence, cosine) in enumerate(nearest)
            if not soup or same(sentence.text, claim.text)
            for premise in _alone(sentence, cosine, rank, stance)
        ]
        closest = nearest[0][0]
        if not soup and stance.asserted(closest) and (text := _joined(closest, sample.answer, stance)):
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
        self._words: dict[Span, tuple[Word, ...]] = {}

    def denial(self, sentence: Span) -> Denial | None:
        return self._denials.get(sentence)

    def reported(self, sentence: Span) -> bool:
        if sentence not in self._reported:
            self._reported[sentence] = is_reported(self._document, sentence)
        return self._reported[sentence]

    def words(self, sentence: Span) -> tuple[Word, ...]:
        if sentence not in self._words:
            self._words[sentence] = words_of(self._document, sentence)
        return self._words[sentence]


class _Stance:
    """Where an answer stands on one claim: what it denies, leaves open, or turns into its contrary."""

    def __init__(
        self,
        claim: Span,
        claims: Sequence[Span],
        stated: _Context,
        answered: _Context,
        nearest: Sequence[Span],
    ) -> None:
        self._claim, self._stated, self._answered = claim, stated, answered
        # A view that the reference itself reports, or a question that it asks, may be reported or asked
        # again.
        self._open = stated.reported(claim) or is_uncommitted(claim.text)
        self.false_copy: Span | None = None
        self.difference: Difference | None = None
        spoken = [sentence for sentence in nearest if self.asserted(sentence) and not self.reported(sentence)]
        if spoken:
            self._find_false_copy(claims, spoken)

    def denial(self, sentence: Span) -> Denial | None:
        """How the answer denies a sentence, as far as that turns it against the claim.

        Where the reference itself denies the same, or reports the same view, an answer that denies it agrees.
        """
        denial = self._answered.denial(sentence)
        if denial is None or self._stated.denial(self._claim):
            return None
        return None if denial.view and self._stated.reported(self._claim) else denial

    def asserted(self, sentence: Span) -> bool:
        """Whether the answer stands for the sentence, and the sentence is no false copy of the claim."""
        denial = self.denial(sentence)
        denied = denial is not None and not denial.within  # as a whole, so that it asserts nothing
        uncommitted = not self._open and is_uncommitted(sentence.text)
        return not (denied or uncommitted or sentence == self.false_copy)

    def reported(self, sentence: Span) -> bool:
        """Whether the sentence reports somebody's view."""
        return self._answered.reported(sentence)

    def _find_false_copy(self, claims: Sequence[Span], spoken: Sequence[Span]) -> None:
        """Look at the sentence that copies the claim most closely: does it turn it into its contrary?

        It has to be a copy of this claim and no other: two claims of one reference may differ in a year.
        """
        ours = self._stated.words(self._claim)
        copy = max(spoken, key=lambda sentence: overlap(ours, self._answered.words(sentence)))
        theirs = self._answered.words(copy)
        found = None if same(copy.text, self._claim.text) else difference(ours, theirs)
        if found is not None and all(
            overlap(self._stated.words(other), theirs) < found.overlap
            for other in claims
            if other != self._claim
        ):
            self.false_copy, self.difference = copy, found


def _denials_of_copies(sample: AnnotatedSample) -> dict[int, Denial]:
    """How the answer denies its sentences; where it copies the reference and denies a part, all of the copy.

    "It is false that" before a copied passage denies its first sentence by the letter, and the passage by
    intent: nobody contradicts a text in one sentence and repeats it word for word in the next.
    """
    answer, reference = sample.answer.sentences, sample.reference.sentences
    found, agreed = denials(sample.answer), denials(sample.reference)
    places: dict[str, int] = {}
    for place, sentence in enumerate(reference):
        places.setdefault(bare(sentence.text), place)
    for seed, denial in sorted(found.items()):
        at = places.get(bare(denial.said))
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


def _alone(sentence: Span, cosine: float, rank: int, stance: _Stance) -> Iterator[Premise]:
    about = cosine >= SPEAKS_ABOUT
    denial = stance.denial(sentence)
    if sentence == stance.false_copy:
        yield Premise(sentence.text, supports=False, opposes=False, difference=stance.difference)
    elif stance.asserted(sentence):
        opposes = rank == 0 and about and not stance.reported(sentence)
        yield Premise(sentence.text, supports=True, opposes=opposes)
    if denial is not None and about:
        for said in dict.fromkeys((denial.said, denial.said if denial.within else sentence.text)):
            yield Premise(said, supports=False, opposes=False, denial=denial)


def _joined(sentence: Span, answer: Document, stance: _Stance) -> str | None:
    """A sentence with those neighbours that are asserted and no copies of it; None where none is left."""
    index = answer.sentences.index(sentence)
    around = [
        other
        for other in answer.sentences[max(0, index - 1) : index + 2]
        if other == sentence or (stance.asserted(other) and not same(other.text, sentence.text))
    ]
    return " ".join(other.text for other in around) if len(around) > 1 else None
