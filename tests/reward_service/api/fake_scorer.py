"""A scorer without models, for tests of the routes: it remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reward_service.errors import ModelUnavailable, NotReady, UnknownReward
from reward_service.models.speed import SchedulerStats
from reward_service.types import BatchResult, Cost, Sample, Score, ScoredSample
from shared.schema import DEFAULT_REWARD, Detail, Lane, ModelInfo, RewardInfo

PART = "topic_relevance_reward"


class FakeCatalogue:
    """Two rewards: a combined one and its only part."""

    def infos(self) -> list[RewardInfo]:
        return [
            RewardInfo(
                name=DEFAULT_REWARD, low=-4, high=6, kind="recipe", needs=["reference"], doc="All.", recipe={}
            ),
            RewardInfo(name=PART, low=-1.5, high=2, kind="function", needs=["question"], doc="Topic."),
        ]


class FakeScorer:
    """Scores the length of the answer; an empty one is unscorable.

    Args:
        gate: scoring waits for it.
        start_gate: starting waits for it.
        raises: what `score` raises.
        unavailable: what `start` complains of.
    """

    fingerprint = "f00d"
    pack_name = "fake"
    models = (ModelInfo(role="nli", name="fake-nli", revision="1", dtype="float32", device="cpu"),)

    def __init__(
        self,
        *,
        gate: asyncio.Event | None = None,
        start_gate: asyncio.Event | None = None,
        raises: Exception | None = None,
        unavailable: str | None = None,
    ) -> None:
        self.catalogue = FakeCatalogue()
        self.gate = gate
        self.start_gate = start_gate
        self.raises = raises
        self.unavailable = unavailable
        self.started = self.closed = self.cancelled = False
        self.dead: str | None = None
        self.asked: list[tuple[list[Sample], list[str], Lane, float]] = []

    @property
    def ready(self) -> bool:
        return self.started and not self.closed and self.dead is None

    def workers(self) -> dict[str, str]:
        if not self.started:
            return {"nli": "loading"}
        return {"nli": self.dead or "ok"}

    def waits(self) -> dict[str, float]:
        return {"nli": 1.5}

    def stats(self) -> dict[str, SchedulerStats]:
        return {"nli": SchedulerStats(batches=2, items=5, tokens=100, padded_tokens=104, forward_s=0.5)}

    async def start(self) -> None:
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.unavailable is not None:
            raise ModelUnavailable(self.unavailable)
        self.started = True

    async def close(self) -> None:
        self.closed = True

    async def score(
        self,
        samples: Sequence[Sample],
        rewards: Sequence[str],
        *,
        lane: Lane,
        deadline_s: float,
        detail: Detail,  # noqa: ARG002
    ) -> BatchResult:
        self.asked.append((list(samples), list(rewards), lane, deadline_s))
        for index, name in enumerate(rewards):
            if name not in {DEFAULT_REWARD, PART}:
                raise UnknownReward(f"no reward is named {name!r}", where=f"rewards.{index}")
        if not self.ready:
            raise NotReady("not ready", retry_after_s=5.0)
        if self.raises is not None:
            raise self.raises
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return BatchResult(
            [_scored(sample) for sample in samples], Cost(nli_pairs=3, nli_tokens=40, cached=1)
        )


def _scored(sample: Sample) -> ScoredSample:
    answer = sample.completion.answer
    if not answer:
        missing = Score.unscorable("there is no answer")
        return ScoredSample(sample, {DEFAULT_REWARD: missing, PART: missing})
    part = Score(1.5, value=0.7, evidence={"covered": (answer[:20],), "share": 0.7})
    whole = Score(float(len(answer)), decided_by="sum", parts={PART: 0.6})
    return ScoredSample(sample, {DEFAULT_REWARD: whole, PART: part})
