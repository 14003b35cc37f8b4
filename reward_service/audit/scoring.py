"""Completions → their scores under every asked reward, in batches, with progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reward_service.commands.backend import Backend
from shared.schema import Detail, ScoreItem

CHUNK = 64
"""Completions of one request."""
CONTRADICTION_SCORES = {"nli_coherence_reward": -3.0, "self_consistency_reward": -2.0}
"""Reward → the score by which it says that an answer contradicts the reference, or itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A completion with the question and reference that it is scored against."""

    question: str
    reference: str
    completion: str

    @property
    def item(self) -> ScoreItem:
        return ScoreItem(prompt=self.question, completion=self.completion, reference=self.reference)


@dataclass(frozen=True, slots=True)
class Scored:
    """Reward → one score for each completion, in order; and under which fingerprint."""

    scores: Mapping[str, list[float | None]]
    fingerprint: str


def score_all(
    asked: Sequence[Asked],
    rewards: Sequence[str],
    backend: Backend,
    advance: Callable[[int], None] = lambda _: None,
) -> Scored:
    """Score completions; ``advance`` is called with the number done after each batch.

    Raises:
        RequestError, RewardClientError: see `Backend.score`.
    """
    scores: dict[str, list[float | None]] = {name: [] for name in rewards}
    fingerprint = ""
    for first in range(0, len(asked), CHUNK):
        chunk = asked[first : first + CHUNK]
        answer = backend.score([one.item for one in chunk], rewards, Detail.SCORES)
        for result in answer.results:
            for name in rewards:
                scores[name].append(result.rewards[name])
        fingerprint = answer.fingerprint
        advance(len(chunk))
    return Scored(scores, fingerprint)


def evidence_of(asked: Sequence[Asked], reward: str, backend: Backend) -> list[dict[str, Any]]:
    """What the reward and its parts say of a few completions, by name, with their evidence."""
    if not asked:
        return []
    answer = backend.score([one.item for one in asked], [reward], Detail.EVIDENCE)
    return [
        {name: layer.model_dump(exclude_none=True) for name, layer in (result.layers or {}).items()}
        for result in answer.results
    ]
