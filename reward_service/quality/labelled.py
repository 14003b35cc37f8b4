"""Pairs with a known label, and the JSON-lines files that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reward_service.errors import RequestError
from reward_service.jsonl import records, text
from reward_service.text import normalise
from reward_service.types import Pair

LABELS = ("entailment", "neutral", "contradiction")
"""In the order of a verdict's probabilities."""
NOT_ENTAILMENT = "not_entailment"
LABEL_IDS = {**{label: number for number, label in enumerate(LABELS)}, NOT_ENTAILMENT: len(LABELS)}
"""Class numbers; ``not_entailment`` (two-way sets) stands for neutral or contradiction."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A premise and a hypothesis with a class number of ``LABEL_IDS``.

    ``origin`` is the phenomenon that decides the label where a file names one, else the set or rule that the
    pair comes from.
    """

    premise: str
    hypothesis: str
    label: int
    origin: str = ""

    @property
    def pair(self) -> Pair:
        """The question to a model, both texts normalised as the server does it."""
        return Pair(normalise(self.premise), normalise(self.hypothesis))


def read_labelled(path: Path) -> list[LabelledPair]:
    """The pairs of a JSON-lines file with ``premise``, ``hypothesis``, ``label`` and perhaps ``phenomenon``.

    Blank lines and further fields are passed over.

    Raises:
        RequestError: the first bad line, as `file:line:field: message`, or a file without any pair.
        OSError: the file can't be read.
    """
    pairs = [_pair(record, place) for _, place, record in records(path.read_bytes(), str(path))]
    if not pairs:
        raise RequestError(f"{path} holds no pair")
    return pairs


def _pair(record: dict[str, Any], place: str) -> LabelledPair:
    premise, hypothesis, label = (text(record, name, place) for name in ("premise", "hypothesis", "label"))
    if label not in LABEL_IDS:
        raise RequestError(f"{place}:label: {label!r} is none of {', '.join(LABEL_IDS)}", where="label")
    phenomenon = text(record, "phenomenon", place) if record.get("phenomenon") else ""
    return LabelledPair(premise, hypothesis, LABEL_IDS[label], phenomenon)
