"""Completions of a step with all that the reward server said of them: what is learned, to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from shared.schema import Detail

if TYPE_CHECKING:
    from trainer.rewards import BatchScores


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion: a line of `samples.jsonl`."""

    step: int
    question: str
    answer: str
    """The completion as the policy wrote it, reasoning included."""
    reference: str | None
    tokens: int | None
    scores: Mapping[str, float | None]
    """Every asked reward and every part of one, by name."""
    unscorable: Mapping[str, str]
    """Asked reward → why its score is None."""
    evidence: Mapping[str, Mapping[str, Any] | None]
    """The same names → what led to the score."""

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Back from a line of JSON."""
        return cls(**json.loads(line))


def samples_of(batch: BatchScores, step: int) -> Iterator[Sample]:
    """The completions of a batch, in order."""
    for at, question in enumerate(batch.prompts):
        scores = {name: values[at] for name, values in batch.layers.items()}
        yield Sample(
            step=step,
            question=question,
            answer=batch.completions[at],
            reference=batch.references[at],
            tokens=None if batch.tokens is None else batch.tokens[at],
            scores={**scores, **{name: values[at] for name, values in batch.rewards.items()}},
            unscorable={name: why[at] for name, why in batch.unscorable.items() if at in why},
            evidence={name: values[at] for name, values in batch.evidence.items()},
        )


def read_samples(path: Path) -> list[Sample]:
    """All samples of a run so far, in order; none where there are none."""
    if not path.exists():
        return []
    return [Sample.from_line(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True, slots=True)
class EvidenceEvery:
    """How much to ask the server for at each step: evidence where samples are kept, else the parts."""

    every: int

    def __call__(self, global_step: int | None) -> Detail:
        """By TRL's `global_step`, which counts the steps that are done."""
        shown = self.every > 0 and global_step is not None and global_step % self.every == 0
        return Detail.EVIDENCE if shown else Detail.LAYERS
