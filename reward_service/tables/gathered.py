"""Sums up results as they come: what the summary and the columns of the output need of them."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.schema import Detail, ItemResult

PART = "part."
"""What the name of a column begins with that holds a part of a combined reward."""
REASON = "_reason"
"""What the name of a column ends with that says why a score is null."""
LAYERS, READ_AS = "layers", "answer_as_read"


@dataclass(slots=True)
class Gathered:
    """What has been seen of the results."""

    rewards: tuple[str, ...]
    detail: Detail
    scores: dict[str, array[float]] = field(default_factory=dict)
    """By reward, without nulls."""
    nulls: dict[str, int] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)
    """Names of the parts of combined rewards, as they came up."""

    def add(self, result: ItemResult) -> None:
        """Take a result into account."""
        for name in self.rewards:
            score = result.rewards[name]
            if score is None:
                self.nulls[name] = self.nulls.get(name, 0) + 1
            else:
                self.scores.setdefault(name, array("d")).append(score)
        for name in result.layers or ():
            if name not in result.rewards:
                self.parts[name] = None

    @property
    def columns(self) -> dict[str, type]:
        """The columns of the results → `float` or `str`; all of them may hold nulls."""
        columns: dict[str, type] = {}
        for name in self.rewards:
            columns[name] = float
            if self.nulls.get(name):
                columns[f"{name}{REASON}"] = str
        columns |= dict.fromkeys((f"{PART}{name}" for name in self.parts), float)
        if self.detail is Detail.EVIDENCE:
            columns |= {READ_AS: str, LAYERS: str}
        return columns

    def values(self, result: ItemResult, columns: Iterable[str]) -> dict[str, Any]:
        """A result by the names of columns, which are `columns` or some of them."""
        values: dict[str, Any] = {}
        for name in self.rewards:
            values |= {name: result.rewards[name], f"{name}{REASON}": result.unscorable.get(name)}
        layers = result.layers or {}
        values |= {f"{PART}{name}": layers[name].score for name in self.parts if name in layers}
        if self.detail is Detail.EVIDENCE:
            told = {name: layer.model_dump() for name, layer in layers.items()}
            values |= {READ_AS: result.answer, LAYERS: json.dumps(told, ensure_ascii=False)}
        return {name: values.get(name) for name in columns}


def is_written(
    rewards: Sequence[str], detail: Detail, further: Collection[str] = ()
) -> Callable[[str], bool]:
    """Whether the results may have a column of a name, as far as that is known before anything is scored."""
    names = {name for reward in rewards for name in (reward, f"{reward}{REASON}")} | set(further)
    if detail is Detail.EVIDENCE:
        names |= {READ_AS, LAYERS}
    return lambda name: name in names or (detail is not Detail.SCORES and name.startswith(PART))
