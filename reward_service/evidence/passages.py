"""Which sentences of the passages are read against each claim of an answer.  Pure.

`premises.py` the other way round: there the premises for a claim of the reference come from the answer, here
those for a claim of the answer come from the passages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reward_service.evidence.answer_claims import asks, claim_sentences
from reward_service.evidence.bearing import BEARS
from reward_service.evidence.denial import Denial, denials
from reward_service.evidence.difference import Word, words_of
from reward_service.evidence.meta_talk import without_lead_in, without_number
from reward_service.evidence.premises import CLOSEST, Plan, plan
from reward_service.evidence.stance import Context, Stance
from reward_service.evidence.statements import citation_spans, distinct
from reward_service.remembered import remembered
from reward_service.types import AnnotatedSample, Document, Span

_JOINTS = frozenset("the a an and but so also thus therefore hence however moreover then".split())  # noqa: SIM905
"""Words in which two sentences may differ that are the same word for word."""


class Looked(NamedTuple):
    """A claim of the answer with the sentences of the passages that are read against it."""

    claim: Span
    nearest: tuple[tuple[int, Span], ...]
    """Number of the passage, and its sentence; the closest first."""
    plan: Plan | None
    """None where a passage has the claim word for word: the first of `nearest`."""


@remembered
def looked_up(sample: AnnotatedSample) -> tuple[Looked, ...]:
    """Each claim of the answer with its premises; empty where it makes none or the passages hold no words."""
    return tuple(_look_up(sample))


class _Passages(Context):
    """What several documents say about their own sentences."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._homes: dict[Span, tuple[int, Context]] = {}
        for number, document in enumerate(documents):
            context = Context(document, denials(document))
            for sentence in document.sentences:
                self._homes.setdefault(sentence, (number, context))

    def number(self, sentence: Span) -> int:
        """In which passage a sentence stands."""
        return self._homes[sentence][0]

    def denial(self, sentence: Span) -> Denial | None:
        return self._homes[sentence][1].denial(sentence)

    def reported(self, sentence: Span) -> bool:
        return self._homes[sentence][1].reported(sentence)

    def words(self, sentence: Span) -> tuple[Word, ...]:
        return self._homes[sentence][1].words(sentence)

    def asserted(self, sentence: Span) -> bool:
        """Whether its passage lets the sentence stand."""
        denial = self.denial(sentence)
        return denial is None or denial.within


def _look_up(sample: AnnotatedSample) -> Iterator[Looked]:
    wanted = claim_sentences(sample.answer)
    passages = _Passages(sample.passages)
    # What one passage asserts and another one denies counts as denied.
    every = (sentence for passage in sample.passages for sentence in passage.sentences)
    offered = distinct(sorted(every, key=lambda sentence: passages.denial(sentence) is None))
    if not wanted or not offered:
        return
    there: dict[tuple[str, ...], Span] = {}
    for sentence in offered:
        if passages.asserted(sentence) and not asks(sentence.text):
            there.setdefault(_core(sentence, passages.words(sentence)), sentence)
    said = Context(sample.answer, denials(sample.answer))
    cosines = (
        np.stack([sample.vectors[claim.text] for claim in wanted])
        @ np.stack([sample.vectors[sentence.text] for sentence in offered]).T
    )  # (claims, sentences)
    for claim, row in zip(wanted, np.clip(cosines, -1.0, 1.0), strict=True):
        copy = there.get(_core(claim, words_of(sample.answer, claim)))
        if copy is not None:
            yield Looked(claim, ((passages.number(copy), copy),), None)
            continue
        order = np.argsort(-row, kind="stable")[:CLOSEST]
        nearest = tuple((passages.number(offered[i]), offered[i]) for i in order)
        bear = [(offered[i], float(row[i])) for i in order if row[i] >= BEARS]
        found = Plan(claim.text, (), (), ())
        if bear:
            stance = Stance(claim, wanted, said, passages, [sentence for sentence, _ in bear])
            found = plan(claim, bear, stance, sample.passages[nearest[0][0]])
        yield Looked(claim, nearest, found._replace(claim=without_lead_in(claim.text)))


def _core(sentence: Span, words: Sequence[Word]) -> tuple[str, ...]:
    """A sentence's words without case, articles, its number in a list and what joins it to the one before."""
    begin = sentence.end - len(without_number(sentence.text))
    cited = [(a + sentence.start, b + sentence.start) for a, b in citation_spans(sentence.text)]
    folded = (
        word.token.text.casefold()
        for word in words
        if word.token.start >= begin and not any(a <= word.token.start < b for a, b in cited)
    )
    return tuple(word for word in folded if word not in _JOINTS)
