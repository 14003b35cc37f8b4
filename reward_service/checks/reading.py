"""How finders read scores, and how they put what they find into words.  Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from reward_service.types import Score

LONGEST = 120
"""Characters of a quotation."""


def evidence(scores: Mapping[str, Score], reward: str) -> Mapping[str, Any]:
    """The evidence of a reward; empty where it is missing or could not be scored."""
    score = scores.get(reward)
    return {} if score is None or score.score is None else score.evidence


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but white space and punctuation; a number or an emoji says something."""
    return not any(unicodedata.category(character)[0] in "LNS" for character in text)


def quoted(text: str, longest: int = LONGEST) -> str:
    """A text in quotation marks on one line; a long one ends in an ellipsis (the evidence has all of it)."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= longest else f"“{line[:longest].rstrip()}…”"


def listed(texts: Iterable[str], at_most: int = 3) -> str:
    """ "“a”, “b” and 4 more"."""
    every = list(dict.fromkeys(texts))
    shown = [quoted(text, 60) for text in every[:at_most]]
    if len(every) > at_most:
        shown.append(f"{len(every) - at_most} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def percent(share: float) -> str:
    """0.347 → "35 %"."""
    return f"{100 * share:.0f} %"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """ "1 place", "3 places"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def span_of(found: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """The `start` and `end` of a piece of evidence; None where it has none."""
    if found is None or found.get("start") is None or found.get("end") is None:
        return None
    return int(found["start"]), int(found["end"])


def place(answer: str, sentence: str, after: int = 0) -> tuple[int, int] | None:
    """Where a sentence stands in the answer, from a character on; None where it does not."""
    start = answer.find(sentence, after)
    return (start, start + len(sentence)) if start >= 0 and sentence else None
