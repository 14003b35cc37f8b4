"""The sentences of an answer that claim something, so that it can be asked where they have it from.  Pure."""

from __future__ import annotations

from reward_service.evidence.denial import denials
from reward_service.evidence.meta_talk import is_meta_talk
from reward_service.evidence.reported import is_reported
from reward_service.evidence.statements import distinct
from reward_service.evidence.syntax import (
    SUBJECTS,
    content_lemmas,
    has_subject_and_finite_verb,
    is_word_soup,
)
from reward_service.evidence.uncommitted import is_uncommitted
from reward_service.remembered import remembered
from reward_service.types import Document, Span

MIN_CONTENT = 2
"""Words with a meaning of their own that a claim has at least: "That is right." claims nothing by itself."""

_CLOSING = " \"”'’)]"


@remembered
def claim_sentences(answer: Document) -> tuple[Span, ...]:
    """The sentences of an answer that claim something, each distinct one once, in order.

    Left out are headings and other fragments, questions, open doubts, what the answer itself denies, talk to
    the reader (see `meta_talk.py`), and shuffled words.  That somebody says something is a claim as well.
    """
    if is_word_soup(answer):
        return ()
    denied = {answer.sentences[i] for i, denial in denials(answer).items() if not denial.within}
    return tuple(
        sentence
        for sentence in distinct(answer.sentences)
        if sentence not in denied and _claims(answer, sentence)
    )


def _claims(answer: Document, sentence: Span) -> bool:
    if not _states(answer, sentence) or is_meta_talk(sentence.text):
        return False
    if is_uncommitted(sentence.text) and (asks(sentence.text) or not is_reported(answer, sentence)):
        return False
    return len(content_lemmas(answer.tokens[sentence.first : sentence.last])) >= MIN_CONTENT


def _states(answer: Document, sentence: Span) -> bool:
    """Whether a sentence is complete; where the parser doubts it, a full stop and a verb or subject tell."""
    if has_subject_and_finite_verb(answer, sentence):
        return True
    return sentence.text.rstrip(_CLOSING).endswith((".", "!")) and any(
        token.finite or token.dep in SUBJECTS or (token.dep == "ROOT" and token.pos == "VERB")
        for token in answer.tokens[sentence.first : sentence.last]
    )


def asks(text: str) -> bool:
    """Whether a sentence is a question."""
    return text.rstrip(_CLOSING).endswith("?")
