"""What a finder finds in a scored answer, and what a finder is."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from reward_service.types import Sample, Score


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that may be wrong with an answer; a policy says from which measure on it is."""

    code: str
    measure: float
    """How much of it there is, in the finder's unit; more is worse."""
    message: str
    span: tuple[int, int] | None = None
    """Characters [start, end) of the answer as it was read; None where it concerns all of it."""
    evidence: Mapping[str, Any] = field(default_factory=dict)


class Finder(ABC):
    """Looks at the scores of one answer.  A concrete subclass in its own file of `finders/` is discovered by
    that alone; its docstring is published by `GET /policies`."""

    code: ClassVar[str]
    unit: ClassVar[str]
    """What the measure counts, such as `share of the answer's words`."""
    most: ClassVar[float] = math.inf
    """The highest measure there is; a policy's threshold above it would never be met, and is refused."""
    rewards: ClassVar[frozenset[str]] = frozenset()
    """The reward functions whose scores and evidence it reads; none where the answer's text says it all."""
    name: ClassVar[str]
    """The code, under the name by which `discovery.py` tells classes apart."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not inspect.isabstract(cls) and "code" in vars(cls):
            cls.name = cls.code

    @abstractmethod
    def find(self, sample: Sample, scores: Mapping[str, Score]) -> Iterable[Finding]:
        """Findings with this finder's code: pure, and total.

        Args:
            sample: normalised; `sample.completion.answer` is what spans refer to.
            scores: of `rewards`, with evidence.  One that is None has no score to be found wanting.
        """

    def found(
        self, measure: float, message: str, span: tuple[int, int] | None = None, /, **evidence: Any
    ) -> Finding:
        """A finding with this finder's code."""
        return Finding(self.code, measure, message, span, evidence)
