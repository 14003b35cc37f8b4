"""Groups of answers of known quality, as GRPO samples them, and how much a reward teaches on them.

GRPO learns from the differences within a group of answers to one prompt: a group whose answers all score the
same teaches nothing, and a reward that ranks against quality, or with length, teaches the wrong thing.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from scipy.stats import ConstantInputWarning, spearmanr

from reward_service.audit.maker import Source
from reward_service.audit.wording import filler
from reward_service.models.rewriting import rewrites

SIZE = 8
"""Answers of one group."""
MIN_SENTENCES = 3
SATURATED = 0.01
"""Scores so close to an end of the range (a share of it) count as saturated."""
_EQUAL = 1e-9
_POINTS = 600


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer of known quality: the share of the reference's sentences that it states less that of those it
    reverses, −1 … 1."""

    question: int
    text: str
    quality: float

    @property
    def words(self) -> int:
        return len(self.text.split())


def graded_groups(sources: Sequence[Source], seed: int) -> list[list[Graded]]:
    """A group for each source with three sentences or more.

    From the first to the last answer of a group fewer sentences of the reference are right. The others are
    left out, reversed by negation, or replaced by filler or by sentences of another answer, by chance: so
    length says little about quality.
    """
    found = []
    for index, source in enumerate(sources):
        if len(source.sentences) >= MIN_SENTENCES:
            rng = random.Random(f"group:{seed}:{source.question}:{source.reference}")
            found.append([_graded(index, source, 1 - step / (SIZE - 1), rng) for step in range(SIZE)])
    return found


def _graded(index: int, source: Source, share: float, rng: random.Random) -> Graded:
    texts = source.texts
    right = set(rng.sample(range(len(texts)), round(share * len(texts))))
    use = rng.choice((_leave_out, _reverse, _fill, _borrow))
    parts, wrong = [], 0
    for place, text in enumerate(texts):
        if place in right:
            parts.append(text)
            continue
        changed = use(source, place, rng)
        parts.append(changed)
        wrong += use is _reverse and bool(changed)
    whole = " ".join(part for part in parts if part)
    return Graded(index, whole or source.other, (len(right) - wrong) / len(texts))


def _leave_out(_source: Source, _place: int, _rng: random.Random) -> str:
    return ""


def _reverse(source: Source, place: int, _rng: random.Random) -> str:
    return rewrites.negate_main(source.sentences[place]) or ""


def _fill(source: Source, place: int, rng: random.Random) -> str:
    return filler(len(source.texts[place].split()), rng)


def _borrow(source: Source, _place: int, rng: random.Random) -> str:
    return rng.choice([part.strip() for part in source.other.split(". ") if part.strip()]).rstrip(".") + "."


def usefulness(
    groups: Sequence[Sequence[tuple[Graded, float | None]]], low: float, high: float
) -> dict[str, Any]:
    """How useful a reward with scores from ``low`` to ``high`` is, on groups of answers with their scores.

    An answer that could not be scored is left out; a group with fewer than two scores counts for nothing.
    """
    usable = [[(item, score) for item, score in group if score is not None] for group in groups]
    usable = [group for group in usable if len(group) > 1]
    scores = [score for group in usable for _, score in group]
    margin = SATURATED * (high - low)
    flat = [max(s for _, s in group) - min(s for _, s in group) < _EQUAL for group in usable]
    points = [
        [round(item.quality, 4), round(score, 4), item.words] for group in usable for item, score in group
    ]
    return {
        "n": len(usable),
        "size": SIZE,
        "zero_spread": _share(flat),
        "rank_correlation": _mean_correlation(usable, lambda item: item.quality),
        "length_correlation": _mean_correlation(usable, lambda item: item.words),
        "saturated_low": _share([score <= low + margin for score in scores]),
        "saturated_high": _share([score >= high - margin for score in scores]),
        "points": points[:: max(1, -(-len(points) // _POINTS))],
    }


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def _mean_correlation(
    groups: Sequence[Sequence[tuple[Graded, float]]], of: Callable[[Graded], float]
) -> float | None:
    """Spearman's rank correlation with the scores, averaged over the groups in which it is defined."""
    found = []
    for group in groups:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConstantInputWarning)
            value = float(spearmanr([of(item) for item, _ in group], [score for _, score in group]).statistic)
        if value == value:  # not NaN, as for a group without spread
            found.append(value)
    return round(fmean(found), 4) if found else None
