"""What one training batch got from the reward server, by reward, for logs, tables and metrics."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.schema import ScoreItem, ScoreResponse, Usage
from trainer.items import answer, question


@dataclass(frozen=True, slots=True)
class BatchScores:
    """All that one batch got from the server.  Every list has one entry for each completion, in order."""

    names: tuple[str, ...]
    """The rewards that were asked for."""
    rewards: Mapping[str, list[float | None]]
    """Name → scores, as the server gave them; None where it could not score."""
    layers: Mapping[str, list[float | None]]
    """Every asked reward and every part of one, by name → its own score.  Empty with `Detail.SCORES`."""
    parts: Mapping[str, list[dict[str, float | None]]]
    """Combined reward → what each part contributed (weight × score), or the part that a gate read."""
    unscorable: Mapping[str, dict[int, str]]
    """Name → position of each None → why; only names that have one."""
    prompts: list[str]
    """The questions; of chat messages, the user's last."""
    completions: list[str]
    references: list[str | None]
    fingerprint: str
    """Scores compare only under one fingerprint."""
    elapsed_s: float
    """From the first attempt to the answer, waits included."""
    step: int | None
    """The trainer's `global_step`, where TRL said it."""
    usage: Usage
    tokens: list[int] | None = None
    """Each completion's length, where the trainer said it."""
    evidence: Mapping[str, list[dict[str, Any] | None]] = field(default_factory=dict)
    """The names of `layers` → what led to each score.  Empty without `Detail.EVIDENCE`."""


def batch_scores(
    names: tuple[str, ...],
    items: Sequence[ScoreItem],
    answered: ScoreResponse,
    elapsed_s: float,
    step: int | None,
    tokens: list[int] | None = None,
) -> BatchScores:
    """Turn the server's answer about `items` round: from results by item to lists by reward."""
    results = answered.results
    layers = [result.layers or {} for result in results]
    seen = dict.fromkeys(name for layer in layers for name in layer)
    combined = [name for name in seen if any(name in layer and layer[name].parts for layer in layers)]
    missing = {
        name: {at: result.unscorable[name] for at, result in enumerate(results) if name in result.unscorable}
        for name in names
    }
    return BatchScores(
        names=names,
        rewards={name: [result.rewards[name] for result in results] for name in names},
        layers={name: [layer[name].score if name in layer else None for layer in layers] for name in seen},
        parts={
            name: [dict(layer[name].parts or {}) if name in layer else {} for layer in layers]
            for name in combined
        },
        unscorable={name: reasons for name, reasons in missing.items() if reasons},
        prompts=[question(item.prompt) for item in items],
        completions=[answer(item.completion) for item in items],
        references=[item.reference for item in items],
        fingerprint=answered.fingerprint,
        elapsed_s=elapsed_s,
        step=step,
        usage=answered.usage,
        tokens=tokens,
        evidence={
            name: [layer[name].evidence if name in layer else None for layer in layers]
            for name in seen
            if any(name in layer and layer[name].evidence is not None for layer in layers)
        },
    )


def metrics(batch: BatchScores) -> Iterator[tuple[str, float]]:
    """What TRL does not log by itself: mean and std of every part, and the share that could not be scored."""
    for name in batch.names:
        if batch.prompts:
            yield f"rewards/{name}/unscorable_share", len(batch.unscorable.get(name, ())) / len(batch.prompts)
    for name, scores in batch.layers.items():
        known = [score for score in scores if score is not None]
        if known and name not in batch.names:  # TRL itself logs what was asked for
            yield f"parts/{name}/mean", statistics.fmean(known)
            yield f"parts/{name}/std", statistics.stdev(known) if len(known) > 1 else 0.0
