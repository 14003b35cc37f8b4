"""What makes an answer for the audit: one class in a file of its own under `honest/` or `attacks/`."""

from __future__ import annotations

import inspect
import random
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from reward_service.lexicons import Lexicon
from reward_service.models.rewriting.corpus import Corpus, Sentence
from reward_service.types import Document


@dataclass(frozen=True)
class Source:
    """One question with its reference, as makers of answers read it."""

    question: str
    reference: str
    sentences: tuple[Sentence, ...]
    """The reference's sentences as the rewriting rules take them."""
    document: Document
    """The reference as the lexicon reads it."""
    weights: tuple[float, ...]
    """How central each sentence is: its cosine with the whole reference."""
    other: str
    """The reference of another question, drawn at random."""
    nearest: str | None
    """The reference of the question that is closest to this one, without being the same; None without one."""
    corpus: Corpus
    """What rules draw from all references: inflected forms, participles, names."""
    lexicon: Lexicon
    by_hand: Mapping[str, str] = field(default_factory=dict)
    """Kind (paraphrase, reversal, hollow) → an answer that a person wrote."""

    @property
    def texts(self) -> list[str]:
        """The sentences as plain texts."""
        return [" ".join(sentence.text.split()) for sentence in self.sentences]


class Maker(ABC):
    """Makes one completion from a question and its reference.  The report shows the docstring of its file."""

    name: ClassVar[str]
    family: ClassVar[str]
    """What it stands beside in the report."""

    @property
    def doc(self) -> str:
        """What it makes, in a sentence."""
        return inspect.getdoc(sys.modules[type(self).__module__]) or ""

    @abstractmethod
    def make(self, source: Source, rng: random.Random) -> str | None:
        """The completion; None where the reference does not allow it, and then nothing is compared.

        Chance comes from ``rng`` alone, so that a run can be repeated.
        """


def changed_only(changed: Sequence[str | None], at_least: int = 2) -> str | None:
    """The sentences that a rule could change, joined; None where these are fewer than ``at_least``.

    Sentences as they were are left out: what is left is wrong throughout, not an answer with one slip.
    """
    kept = [text for text in changed if text]
    return " ".join(kept) if len(kept) >= at_least else None
