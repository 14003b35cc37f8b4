"""How answers look, whatever they say: lengths, tags, what was cut off, how long they took.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any

from shared.completion import split
from trainer.evaluation.answers import Answer


def form_of(answers: Sequence[Answer]) -> dict[str, Any]:
    """Figures over all answers of a policy.

    Returns:
        `answers`; `words` and `reasoning_words` (`mean`, `median`, `least`, `most`; reasoning only of answers
        that hold some); `tokens` and `seconds` (the same, of the answers of which they are known); the shares
        `empty` (no answer behind the reasoning), `well_formed` (reasoning closed by one `</think>`, an answer
        behind it), `with_reasoning`, and `cut_off` (of the answers of which that is known).  None for what
        no answer tells.
    """
    parts = [split(answer.text) for answer in answers]
    return {
        "answers": len(answers),
        "words": _spread(len(part.answer.split()) for part in parts),
        "reasoning_words": _spread(len(part.reasoning.split()) for part in parts if part.reasoning),
        "tokens": _spread(answer.tokens for answer in answers if answer.tokens is not None),
        "seconds": _spread(answer.seconds for answer in answers if answer.seconds is not None),
        "empty": _share(not part.answer for part in parts),
        "with_reasoning": _share(bool(part.reasoning) for part in parts),
        "well_formed": _share(part.well_formed for part in parts),
        "cut_off": _share(answer.cut_off for answer in answers if answer.cut_off is not None),
    }


def _spread(values: Iterable[float]) -> dict[str, float] | None:
    found = list(values)
    if not found:
        return None
    return {"mean": fmean(found), "median": median(found), "least": min(found), "most": max(found)}


def _share(values: Iterable[bool]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
