"""The arithmetic of combined rewards: gates, then a weighted sum.

A recipe reads the scores of other rewards.  Its gates are checked in order and the first that holds decides;
where none holds, the weighted sum does.  A score that is missing when it is needed makes the combined score
missing, with the part's name and reason: nothing is ever filled in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from math import fsum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from reward_service.types import Score

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Name = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*$")]


class Range(NamedTuple):
    """All values that a score can take lie within; either end may be out of reach."""

    low: float
    high: float


class Gate(BaseModel):
    """`{if: part, at_most: number, then: number or part}`: where the part is that low, it decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Name = Field(alias="if")
    """The reward whose score is looked at."""
    at_most: Number
    then: Number | Name
    """The combined score where the gate holds: a number, or the score of a reward."""

    @property
    def text(self) -> str:
        """Such as `topic_relevance_reward ≤ -1.5`."""
        return f"{self.part} ≤ {self.at_most!r}"


class Recipe(BaseModel):
    """A combined reward: gates, of which the first that holds decides, then a weighted sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    doc: str = ""
    gates: tuple[Gate, ...] = ()
    sum: Mapping[Name, Number] = Field(min_length=1)
    """Reward → weight."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Every reward that the recipe reads itself, in the order in which it reads them."""
        read = (name for gate in self.gates for name in (gate.part, gate.then) if isinstance(name, str))
        return tuple(dict.fromkeys((*read, *self.sum)))


def combine(recipe: Recipe, scores: Mapping[str, Score]) -> Score:
    """The combined score.

    Args:
        recipe: the arithmetic.
        scores: reward → score, at least for `recipe.parts`.

    Returns:
        A score with `decided_by` (the gate's text, or `sum`) and `parts` (what the gate read, or weight ×
        score of each part; a part that is missing is None).  It is None where a part is missing that has to
        be looked at: gates are checked in order, so a gate that holds decides whatever is missing behind it.

    Raises:
        KeyError: `scores` lacks a part that has to be looked at.
    """
    for gate in recipe.gates:
        read = scores[gate.part]
        if read.score is None:
            return _missing(gate.part, read)
        if read.score > gate.at_most:
            continue
        if not isinstance(gate.then, str):
            return _decided(gate.then, gate.text, {gate.part: read.score})
        result = scores[gate.then]
        if result.score is None:
            return _missing(gate.then, result)
        return _decided(result.score, gate.text, {gate.part: read.score, gate.then: result.score})
    contributions: dict[str, float | None] = {}
    for name, weight in recipe.sum.items():
        part = scores[name].score
        contributions[name] = None if part is None else weight * part
    for name, contribution in contributions.items():
        if contribution is None:
            return _missing(name, scores[name], contributions)
    return _decided(
        fsum(value for value in contributions.values() if value is not None), "sum", contributions
    )


def score_range(recipe: Recipe, ranges: Mapping[str, Range]) -> Range:
    """The range of a recipe's scores, from those of its parts.

    Interval arithmetic: a gate that did not hold leaves its part above the bound, for the later gates and the
    sum; a gate that can't hold adds nothing, and behind one that always holds nothing is reached.  The bounds
    are sound (`combine` sums with one rounding, so no score passes them) and exact but for two things: open
    ends count as closed, and parts are taken as independent of each other.
    """
    known = {name: ranges[name] for name in recipe.parts}
    reached: list[Range] = []
    for gate in recipe.gates:
        low, high = known[gate.part]
        if low > gate.at_most:
            continue
        held = known | {gate.part: Range(low, min(high, gate.at_most))}
        reached.append(held[gate.then] if isinstance(gate.then, str) else Range(gate.then, gate.then))
        if high <= gate.at_most:
            return _hull(reached)
        known[gate.part] = Range(max(low, gate.at_most), high)
    ends = [
        sorted((weight * known[name].low, weight * known[name].high)) for name, weight in recipe.sum.items()
    ]
    reached.append(Range(fsum(low for low, _ in ends), fsum(high for _, high in ends)))
    return _hull(reached)


def digest(recipes: Iterable[Recipe]) -> str:
    """SHA-256 of the arithmetic of recipes, in any order; their documentation decides nothing."""
    arithmetic = sorted(
        json.dumps(recipe.model_dump(mode="json", by_alias=True, exclude={"doc"}), sort_keys=True)
        for recipe in recipes
    )
    return hashlib.sha256("\n".join(arithmetic).encode()).hexdigest()


def _hull(ranges: list[Range]) -> Range:
    return Range(min(low for low, _ in ranges), max(high for _, high in ranges))


def _decided(score: float, by: str, parts: Mapping[str, float | None]) -> Score:
    return Score(score, value=score, decided_by=by, parts=parts)


def _missing(name: str, part: Score, parts: Mapping[str, float | None] | None = None) -> Score:
    return Score(None, reason=f"{name}: {part.reason}", parts=parts or {name: None})
