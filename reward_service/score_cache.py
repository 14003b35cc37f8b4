"""Scores that were told before: the same texts under the same reward are not scored again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reward_service.models.cache import ByteCache
from reward_service.types import Sample, Score, ScoredSample

SCORES_BYTES = 500
"""About what the scores of a sample under a few rewards take; its texts are counted as they are."""


class _Key(NamedTuple):
    """All that a score depends on, within one process: the id of a sample is no part of it."""

    question: str
    completion: str
    reference: str | None
    passages: tuple[str, ...]
    rewards: tuple[str, ...]


class ScoreCache:
    """The scores of samples, without evidence, bounded by bytes; the least recently used ones go first.

    Args:
        max_bytes: texts included; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self._kept: ByteCache[_Key, dict[str, Score]] = ByteCache(max_bytes)

    def recall(self, samples: Sequence[Sample], rewards: Sequence[str]) -> Recall:
        """Look samples up; of equal ones that are not there, the first stands for all."""
        names = tuple(rewards)
        keys = [_Key(s.question, s.completion.text, s.reference, s.passages, names) for s in samples]
        found = {key: self._kept[key] for key in set(keys) if key in self._kept}
        fresh: dict[_Key, Sample] = {}
        for key, sample in zip(keys, samples, strict=True):
            if key not in found:
                fresh.setdefault(key, sample)
        return Recall(keys, found, fresh)

    def keep(self, recall: Recall, scored: Sequence[ScoredSample]) -> None:
        """Keep the scores of `recall.fresh`, in its order, and complete it."""
        for key, one in zip(recall.fresh, scored, strict=True):
            scores = dict(one.scores)
            recall.found[key] = scores
            self._kept.put(key, scores, SCORES_BYTES)


class Recall(NamedTuple):
    """What is known of some samples."""

    keys: Sequence[_Key]
    found: dict[_Key, dict[str, Score]]
    fresh: dict[_Key, Sample]
    """The distinct samples that have to be scored, in order."""

    def told(self, samples: Sequence[Sample]) -> list[ScoredSample]:
        """Every sample with its scores, once all of them are known."""
        return [ScoredSample(sample, self.found[key]) for sample, key in zip(samples, self.keys, strict=True)]
