"""Are the domain's terms used in sentences, and the sentences joined?"""

from __future__ import annotations

from collections.abc import Iterable

from reward_service.evidence.matches import distinct, found
from reward_service.evidence.syntax import (
    complete_sentences,
    is_word_soup,
    role,
    sentences_outside_loops,
    within,
)
from reward_service.lexicons import Match
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Document, Score, Verdicts

PER_TERM, TERMS_AT_MOST = 0.3, 1.5
PER_CONNECTIVE, CONNECTIVES_AT_MOST = 0.2, 1.0
NO_SENTENCE = -1.0


class StructuralCoherence(Reward):
    """Are the domain's terms used in sentences, and the sentences joined?  Range −1.0 … +2.5.

    +0.3 for each distinct lexicon term in a syntactic role (nsubj, nsubjpass, dobj, pobj, attr, appos, or
    governed by the root verb) up to 1.5; +0.2 for each distinct discourse connective up to 1.0; −1.0 if no
    sentence is complete, and then nothing else.  Both count in complete sentences only: a subject, a finite
    verb, and words in an order that prose has, which shuffled words seldom reach; not in those half of which
    is repetition or more, as in a loop of terms.  `value` is the sum before the two limits.
    Source: REWARDS.md; the order of words by counts of neighbours, see `evidence/syntax.py`.
    """

    name = "structural_coherence_reward"
    low, high = -1.0, 2.5
    reads = frozenset({Reads.ANSWER})

    def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
        answer = sample.answer
        sentences = sentences_outside_loops(answer)
        counts = {
            "sentences": len(answer.sentences),
            "complete_sentences": len(complete_sentences(answer)),
            "outside_loops": len(sentences),
            "word_soup": is_word_soup(answer),
        }
        if not sentences:
            return Score(NO_SENTENCE, value=NO_SENTENCE, evidence=counts | {"terms": [], "connectives": []})
        roles = _roles(answer, within(self.lexicon.terms(answer), sentences))
        connectives = distinct(within(self.lexicon.connectives(answer), sentences))
        for_terms, for_connectives = PER_TERM * len(roles), PER_CONNECTIVE * len(connectives)
        evidence = counts | {
            "terms": [found(match, role=role_) for match, role_ in roles],
            "connectives": [found(match) for match in connectives],
            "parts": {
                "terms": round(min(TERMS_AT_MOST, for_terms), 4),
                "connectives": round(min(CONNECTIVES_AT_MOST, for_connectives), 4),
            },
        }
        score = min(TERMS_AT_MOST, for_terms) + min(CONNECTIVES_AT_MOST, for_connectives)
        return Score(score, value=for_terms + for_connectives, evidence=evidence)


def _roles(document: Document, matches: Iterable[Match]) -> list[tuple[Match, str]]:
    """Each distinct term with its first role; a term that never has one is left out."""
    with_role = ((match, role(document, match.first, match.last)) for match in matches)
    first: dict[str, tuple[Match, str]] = {}
    for match, name in with_role:
        if name is not None:
            first.setdefault(match.entry, (match, name))
    return list(first.values())
