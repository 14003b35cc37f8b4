"""Which sentences of an answer state something in its own voice, and which only utter it.  Pure.

"Is value labour?", "some critics claim that value is labour" and "Value is labour. This is false." hold the
words of a statement and assert nothing of it.  A view with a named holder ("Marx holds that …") is how theory
is told, and counts as stated.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from reward_service.evidence.denial import denials
from reward_service.evidence.statements import full_sentences
from reward_service.evidence.uncommitted import is_uncommitted
from reward_service.types import Document, Span

Manner = Literal["asked", "left open", "denied"]


class Uttered(NamedTuple):
    """A sentence that is uttered and not stated."""

    sentence: Span
    manner: Manner
    cue: str | None
    """Of a denied one, the sentence that denies it."""


def statements_and_uttered(answer: Document) -> tuple[list[Span], list[Uttered]]:
    """All full sentences, and those of them that state nothing in the answer's own voice.

    A sentence that denies a statement of its own ("It is not true that …") states the denial.
    """
    full = full_sentences(answer.sentences)
    kept = set(full)
    uttered: list[Uttered] = []
    denied = denials(answer)
    for index, sentence in enumerate(answer.sentences):
        if sentence not in kept:
            continue
        denial = denied.get(index)
        if denial is not None and not denial.within:
            uttered.append(Uttered(sentence, "denied", denial.cue))
        elif sentence.text.rstrip(" \"”'’)]").endswith("?"):
            uttered.append(Uttered(sentence, "asked", None))
        elif is_uncommitted(sentence.text):
            uttered.append(Uttered(sentence, "left open", None))
    return full, uttered
