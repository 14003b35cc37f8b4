"""Scored batches of one reward with one part, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from shared.schema import Usage
from trainer.rewards import BatchScores


def batch(
    scores: Sequence[float | None],
    parts: Sequence[float | None],
    fingerprint: str = "f1",
    tokens: Sequence[int] | None = None,
) -> BatchScores:
    """Completions c0, c1, … under the reward `full` with the part `topic`."""
    return BatchScores(
        names=("full",),
        rewards={"full": list(scores)},
        layers={"full": list(scores), "topic": list(parts)},
        parts={},
        unscorable={"full": {at: "no claim" for at, score in enumerate(scores) if score is None}},
        prompts=["q"] * len(scores),
        completions=[f"c{at}" for at in range(len(scores))],
        references=["r"] * len(scores),
        fingerprint=fingerprint,
        elapsed_s=0.5,
        step=0,
        usage=Usage(),
        tokens=None if tokens is None else list(tokens),
        evidence={"full": [{"claims": at} for at in range(len(scores))]},
    )
