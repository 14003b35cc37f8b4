"""Is the answer as long as it should be, and does it hold what the reference is about?"""

from __future__ import annotations

from dataclasses import dataclass

from reward_service.evidence.claims import NO_CLAIM, NO_REFERENCE, reference_of
from reward_service.evidence.statements import distinct, word_count
from reward_service.lexicons import Lexicon
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Document, Score, Token, Verdicts

ENOUGH_CONCEPTS = 1 / 3
"""The share of key concepts from which the length may earn something."""

_VAGUE_LIST = (
    "aspect basis case degree example extent fact form kind level lot manner matter means number one other "
    "part place point reason respect result role sense set side sort term thing time type use way"
)
_VAGUE = frozenset(_VAGUE_LIST.split())
"""Nouns that carry no subject matter of their own."""
_MIN_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Concept:
    """A key concept of the reference and whether the answer covers it."""

    name: str
    kind: str
    """`term` of the lexicon or `noun` that heads a noun chunk."""
    covered_by: str | None
    """How the answer puts it; None where it does not."""


class Completeness(Reward):
    """Is the answer about as long as the reference, and does it cover its key concepts?  Range −2 … +2.

    Ratio of the answer's words to the reference's: 0.5–1.5 +2, 0.3–2.0 +1, under 0.2 −2, over 2.0 −0.5,
    between 0. Where the answer covers under a third of the reference's key concepts (lexicon terms by
    canonical form, heads of noun chunks by lemma; covered by lemma or equivalence) it gets no more than 0.
    Sentences that are repeated earn nothing: the lower of the scores with and without the repetitions counts.
    `value` is the ratio.
    Source: REWARDS.md.
    """

    name = "completeness_reward"
    low, high = -2.0, 2.0
    reads = frozenset({Reads.ANSWER, Reads.REFERENCE})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        reference = reference_of(sample)
        if reference is None:
            return Score.unscorable(NO_REFERENCE)
        wanted = word_count(reference)
        if wanted == 0:
            return Score.unscorable(NO_CLAIM)
        said = word_count(sample.sample.completion.answer)
        once = sum(word_count(sentence.text) for sentence in distinct(sample.answer.sentences))
        ratio = said / wanted
        score = min(band(ratio), band(once / wanted))
        concepts = key_concepts(sample.reference, sample.answer, self.lexicon)
        covered = sum(concept.covered_by is not None for concept in concepts)
        share = covered / len(concepts) if concepts else None
        if share is not None and share < ENOUGH_CONCEPTS:
            score = min(score, 0.0)
        evidence = {
            "answer_words": said,
            "answer_words_without_repetition": once,
            "reference_words": wanted,
            "ratio": ratio,
            "share_of_concepts": share,
            "concepts": [
                {"concept": concept.name, "kind": concept.kind, "covered_by": concept.covered_by}
                for concept in concepts
            ],
        }
        return Score(score, value=ratio, evidence=evidence)


def band(ratio: float) -> float:
    """The score for a ratio of lengths, before concepts are looked at."""
    if 0.5 <= ratio <= 1.5:
        return 2.0
    if 0.3 <= ratio <= 2.0:
        return 1.0
    if ratio < 0.2:
        return -2.0
    return -0.5 if ratio > 2.0 else 0.0


def key_concepts(reference: Document, answer: Document, lexicon: Lexicon) -> tuple[Concept, ...]:
    """The lexicon terms and the noun chunks' heads of a reference, each once, in their order."""
    said_terms = {match.entry: match.text for match in reversed(lexicon.terms(answer))}
    said_forms = {form: token.text for token in reversed(answer.tokens) for form in _forms(token)}
    found: dict[tuple[str, str], Concept] = {}
    inside = set[int]()
    for match in lexicon.terms(reference):
        inside.update(range(match.first, match.last))
        found.setdefault(("term", match.entry), Concept(match.entry, "term", said_terms.get(match.entry)))
    for chunk in reference.chunks:
        token = reference.tokens[chunk.root]
        if chunk.root in inside or not _matters(token):
            continue
        name = token.lemma.casefold()
        covered_by = next((said_forms[form] for form in _forms(token) if form in said_forms), None)
        found.setdefault(("noun", name), Concept(name, "noun", covered_by))
    return tuple(found.values())


def _forms(token: Token) -> tuple[str, str]:
    """A name and a noun may be lemmatised apart ("Workers", "workers"): the form as written counts too."""
    return token.lemma.casefold(), token.text.casefold()


def _matters(token: Token) -> bool:
    lemma = token.lemma.casefold()
    return (
        token.pos in {"NOUN", "PROPN"}
        and not token.is_stop
        and len(lemma) >= _MIN_LENGTH
        and lemma not in _VAGUE
    )
