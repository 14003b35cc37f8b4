"""Which parts of an answer are read against each claim of the reference, and what each may count for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reward_service.evidence.denial import Denial, denials
from reward_service.evidence.difference import Difference
from reward_service.evidence.stance import Context, Stance
from reward_service.evidence.statements import bare, claims, distinct, same
from reward_service.evidence.syntax import is_word_soup
from reward_service.remembered import remembered
from reward_service.types import AnnotatedSample, Document, Span

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


@remembered
def plans(sample: AnnotatedSample) -> tuple[Plan, ...]:
    """For each claim: the closest sentences and the premises; the one way to name a pair."""
    return tuple(_plans(sample))


def _plans(sample: AnnotatedSample) -> Iterator[Plan]:
    wanted = claims(sample.reference)
    stated = Context(sample.reference, denials(sample.reference))
    answered = Context(sample.answer, _denials_of_copies(sample))
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
        stance = Stance(claim, wanted, stated, answered, [sentence for sentence, _ in nearest])
        yield plan(claim, nearest, stance, sample.answer, soup=soup)


def plan(
    claim: Span, nearest: Sequence[tuple[Span, float]], stance: Stance, home: Document, *, soup: bool = False
) -> Plan:
    """The premises for a claim: its closest sentences, each alone, and the closest one with its neighbours.

    Args:
        claim: what they are read against.
        nearest: sentences with their cosines to the claim, the closest first; at least one.
        stance: where the text that they stand in stands on the claim.
        home: the document of the closest one.
        soup: the text is no prose, so that nothing but the claim itself supports it.
    """
    premises = [
        premise
        for rank, (sentence, cosine) in enumerate(nearest)
        if not soup or same(sentence.text, claim.text)
        for premise in _alone(sentence, cosine, rank, stance)
    ]
    closest = nearest[0][0]
    if not soup and stance.asserted(closest) and (text := _joined(closest, home, stance)):
        premises.append(Premise(text, supports=True, opposes=False))
    return Plan(
        claim.text,
        tuple(sentence.text for sentence, _ in nearest),
        tuple(cosine for _, cosine in nearest),
        tuple(premises),
    )


def _denials_of_copies(sample: AnnotatedSample) -> dict[int, Denial]:
    """How the answer denies its sentences; where it copies the reference and denies a part, all of the copy.

    "It is false that" before a copied passage denies its first sentence by the letter, and the passage by
    intent: nobody contradicts a text in one sentence and repeats it word for word in the next.
    """
    answer, reference = sample.answer.sentences, sample.reference.sentences
    found, agreed = dict(denials(sample.answer)), denials(sample.reference)
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


def _alone(sentence: Span, cosine: float, rank: int, stance: Stance) -> Iterator[Premise]:
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


def _joined(sentence: Span, answer: Document, stance: Stance) -> str | None:
    """A sentence with those neighbours that are asserted and no copies of it; None where none is left."""
    index = answer.sentences.index(sentence)
    around = [
        other
        for other in answer.sentences[max(0, index - 1) : index + 2]
        if other == sentence or (stance.asserted(other) and not same(other.text, sentence.text))
    ]
    return " ".join(other.text for other in around) if len(around) > 1 else None
