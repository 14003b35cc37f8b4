"""The way of a batch: split → annotate → embed → infer → score → combine.  One direction, no way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from reward_service.catalogue import Catalogue
from reward_service.errors import NotReady
from reward_service.fingerprint import fingerprint
from reward_service.models.protocols import ModelPack
from reward_service.models.speed import SchedulerStats
from reward_service.needs import (
    normalised,
    texts_to_annotate,
    texts_to_embed,
    unique,
    with_documents,
)
from reward_service.progress import Open, Wish, score_all, score_what_decides
from reward_service.rewards.base import Reads, Reward
from reward_service.score_cache import ScoreCache
from reward_service.types import (
    Annotate,
    AnnotatedSample,
    BatchResult,
    Cost,
    Sample,
    ScoredSample,
    Verdicts,
)
from reward_service.workers import NAMES, EngineLimits, Workers
from shared.completion import split
from shared.schema import Detail, Lane, ModelInfo

WARM_UP_S = 300.0
PIECE = 8
"""Samples that go through the steps together.  The pieces of a batch flow side by side, so that the NLI model
begins with the first ones while the last ones are still annotated."""


class Engine:
    """Scores batches of samples with the models of one pack.

    Args:
        load: loads the models; called once, in a thread, by `start`.
        catalogue: the rewards and recipes that can be asked for.
        limits: sizes of batches and caches.
    """

    def __init__(
        self, load: Callable[[], ModelPack], catalogue: Catalogue, limits: EngineLimits | None = None
    ) -> None:
        self.catalogue = catalogue
        self._load = load
        self._limits = limits or EngineLimits()
        self._pack: ModelPack | None = None
        self._workers: Workers | None = None
        self._scores = ScoreCache(self._limits.cache_bytes)
        # Evidence and arithmetic are Python, which runs one thread at a time anyway; a lane has a thread of
        # its own so that live requests don't stand behind a training batch.
        self._thinking = {lane: ThreadPoolExecutor(1, f"rewards-{lane}") for lane in Lane}
        self._warm = False
        self._fingerprint: str | None = None

    # --- life -------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the models, start their queues and answer a warm-up.

        Raises:
            ModelUnavailable: a model can't be loaded; the message says what to do.
        """
        self._pack = pack = await asyncio.to_thread(self._load)
        self._workers = Workers.started(pack, self._limits)
        await self._score([_warm_up_sample()], self.catalogue.names, Lane.LIVE, WARM_UP_S, Detail.EVIDENCE)
        self._warm = True

    async def close(self) -> None:
        """Stop the queues; whoever still waits gets `NotReady`."""
        self._warm = False
        if self._workers is not None:
            await asyncio.to_thread(self._workers.close)
        for thread in self._thinking.values():
            thread.shutdown(wait=False, cancel_futures=True)

    @property
    def ready(self) -> bool:
        """The models have answered the warm-up and every worker is alive."""
        return self._warm and all(state == "ok" for state in self.workers().values())

    def workers(self) -> dict[str, str]:
        """Worker → `ok`, or what is wrong with it."""
        return dict.fromkeys(NAMES, "loading") if self._workers is None else self._workers.states()

    def waits(self) -> dict[str, float]:
        """Worker → seconds until work that arrives now would begin, as `GET /metrics` reports it."""
        return {} if self._workers is None else self._workers.waits()

    def stats(self) -> dict[str, SchedulerStats]:
        """Worker → what its batches were like since the start."""
        return {} if self._workers is None else self._workers.stats()

    @property
    def fingerprint(self) -> str:
        """Hashes all that decides a score.

        Raises:
            NotReady: the models are not loaded yet.
        """
        pack = self._loaded()
        if self._fingerprint is None:
            self._fingerprint = fingerprint(pack.specs, pack.nli.calibration, self.catalogue.digest)
        return self._fingerprint

    @property
    def pack_name(self) -> str:
        """The name of the resident pack."""
        return self._loaded().name

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The resident models as `GET /info` reports them."""
        pack = self._loaded()
        calibrated = {"nli": pack.nli.calibration.source}
        measured = {"nli": dict(pack.nli.measured.tokens_per_s)} if pack.nli.measured else {}
        return tuple(
            ModelInfo(
                role=spec.role,
                name=spec.name,
                revision=spec.revision,
                dtype=spec.dtype,
                device=spec.device,
                calibrated=calibrated.get(spec.role),
                tokens_per_s=measured.get(spec.role),
            )
            for spec in pack.specs
        )

    def _loaded(self) -> ModelPack:
        if self._pack is None:
            raise NotReady("the models are still loading", retry_after_s=5.0)
        return self._pack

    # --- the way of a batch -----------------------------------------------------------------------------

    async def score(
        self,
        samples: Sequence[Sample],
        rewards: Sequence[str],
        *,
        lane: Lane,
        deadline_s: float,
        detail: Detail = Detail.EVIDENCE,
    ) -> BatchResult:
        """Score samples under the named rewards.

        Args:
            samples: any number of samples.
            rewards: names of functions or recipes.
            lane: who waits.
            deadline_s: seconds from now after which nobody wants the answer any more.
            detail: with `scores`, the asked rewards are told alone, and nothing is computed that can't change
                them.  Their scores are the same.

        Returns:
            One scored sample for each sample, in order, with the asked rewards and, unless `detail` is
            `scores`, all their parts.

        Raises:
            UnknownReward, NotReady, Overloaded, DeadlinePassed, WorkerFailed: see `errors.py`.
        """
        # An unknown name is the caller's error, whatever state we are in.
        functions = self.catalogue.functions_for(rewards)
        # A worker that is being restarted still takes work; one that is dead refuses it by itself.
        if not self._warm:
            raise NotReady(f"not ready: {self.workers()}", retry_after_s=5.0)
        result = await self._score(samples, rewards, lane, deadline_s, detail)
        for function in functions:
            function.observe(result.samples)
        return result

    async def _score(
        self, samples: Sequence[Sample], rewards: Sequence[str], lane: Lane, deadline_s: float, detail: Detail
    ) -> BatchResult:
        wish = Wish(
            tuple(rewards),
            self.catalogue.functions_for(rewards),
            lane,
            time.monotonic() + deadline_s,
            evidence=detail is not Detail.SCORES,
        )
        if wish.evidence:
            return await self._all_pieces(samples, wish)
        recall = self._scores.recall(samples, wish.rewards)
        fresh = await self._all_pieces(list(recall.fresh.values()), wish)
        self._scores.keep(recall, fresh.samples)
        reused = len(samples) - len(recall.fresh)
        return BatchResult(recall.told(samples), replace(fresh.cost, cached=fresh.cost.cached + reused))

    async def _all_pieces(self, samples: Sequence[Sample], wish: Wish) -> BatchResult:
        starts = range(0, len(samples), PIECE)
        tasks = [asyncio.create_task(self._piece(samples[start : start + PIECE], wish)) for start in starts]
        try:
            pieces = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return BatchResult(
            [scored for piece in pieces for scored in piece.samples],
            sum((piece.cost for piece in pieces), Cost()),
        )

    async def _piece(self, samples: Sequence[Sample], wish: Wish) -> BatchResult:
        """A few samples, all the way."""
        workers, calibration = self._workers, self._loaded().nli.calibration
        if workers is None:
            raise NotReady("the models are still loading", retry_after_s=5.0)
        think = partial(asyncio.get_running_loop().run_in_executor, self._thinking[wish.lane])
        lane, deadline = wish.lane, wish.deadline

        clean = await think(_normalised, samples)
        texts = unique(text for sample in clean for text in texts_to_annotate(sample, wish.reads))
        asked = [Annotate(text, Reads.ENTITIES in wish.reads) for text in texts]
        annotated = await workers.annotator.submit(asked, lane=lane, deadline=deadline)
        documents = dict(zip(texts, annotated.results, strict=True))
        drafts = [with_documents(sample, documents) for sample in clean]

        texts = await think(_texts_to_embed, drafts, wish.functions)
        embedded = await workers.embedder.submit(texts, lane=lane, deadline=deadline)
        vectors = dict(zip(texts, embedded.results, strict=True))
        cost = Cost(cached=annotated.cached + embedded.cached)

        open_ = [Open(replace(draft, vectors=vectors)) for draft in drafts]
        verdicts = Verdicts({}, calibration)
        advance = score_all if wish.evidence else partial(score_what_decides, self.catalogue)
        while wanted := await think(advance, open_, wish, verdicts):
            judged = await workers.nli.submit(wanted, lane=lane, deadline=deadline)
            verdicts = verdicts.joined(zip(wanted, judged.results, strict=True))
            cost += Cost(judged.computed, judged.tokens, judged.cached)
        combine = self.catalogue.combine if wish.evidence else self.catalogue.decided
        return BatchResult(
            [ScoredSample(one.sample.sample, combine(wish.rewards, one.known)) for one in open_], cost
        )


def _normalised(samples: Sequence[Sample]) -> list[Sample]:
    return [normalised(sample) for sample in samples]


def _texts_to_embed(drafts: Sequence[AnnotatedSample], functions: Sequence[Reward]) -> list[str]:
    return unique(text for draft in drafts for text in texts_to_embed(draft, functions))


def _warm_up_sample() -> Sample:
    text = (
        "Labour is the source of value. Therefore a commodity, for example a coat, is worth the labour time "
        "that society needs to make it."
    )
    return Sample("warm-up", "What is the source of value?", split(text), text)
