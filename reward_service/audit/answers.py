"""Sources and makers → the completions that an audit scores."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from reward_service.audit.maker import Maker, Source


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion to one question."""

    question: int
    """The index of its source."""
    maker: str
    text: str


def make_answers(
    sources: Sequence[Source], honest: Sequence[Maker], attacks: Sequence[Maker], seed: int
) -> list[Answer]:
    """Every answer that the makers give, question by question; an attack that left the reference as it was is
    none."""
    found: list[Answer] = []
    for index, source in enumerate(sources):
        texts: set[str] = set()
        for maker in honest:
            text = _made(maker, source, seed)
            if text is not None:
                found.append(Answer(index, maker.name, text))
                texts.add(_bare(text))
        for maker in attacks:
            text = _made(maker, source, seed)
            if text is not None and _bare(text) not in texts:
                found.append(Answer(index, maker.name, text))
    return found


def _made(maker: Maker, source: Source, seed: int) -> str | None:
    # A seed of its own for each answer: one maker more or less changes none of the others.
    return maker.make(source, random.Random(f"{seed}:{maker.name}:{source.question}:{source.reference}"))


def _bare(text: str) -> str:
    return " ".join(text.split())
