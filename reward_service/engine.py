"""The way of a batch: split → annotate → embed → infer → score → combine.  One direction, no way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reward_service.catalogue import Catalogue
from reward_service.errors import NotReady
from reward_service.evidence.claims import NO_REFERENCE
from reward_service.fingerprint import fingerprint
from reward_service.models.protocols import Model, ModelPack
from reward_service.models.scheduler import Answered, Scheduler
from reward_service.needs import (
    normalised,
    pairs,
    scorable,
    texts_to_annotate,
    texts_to_embed,
    unique,
    with_documents,
)
from reward_service.rewards.base import Reads, Reward
from reward_service.types import (
    AnnotatedSample,
    BatchResult,
    Cost,
    Document,
    Pair,
    Sample,
    Score,
    ScoredSample,
    Vector,
    Verdict,
    Verdicts,
)
from shared.completion import split
from shared.schema import Lane, ModelInfo

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

WARM_UP_S = 300.0


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How large the batches and caches of the resident models are."""

    max_batch_tokens: int = 8192
    """Padded tokens of one model call."""
    max_batch_items: int = 256
    """Items of one model call."""
    cache_items: int = 50_000
    """Results that each model's cache keeps."""


@dataclass(frozen=True, slots=True)
class _Workers:
    """The queues in front of the resident models."""

    annotator: Scheduler[str, Document]
    embedder: Scheduler[str, Vector]
    nli: Scheduler[Pair, Verdict]

    def __iter__(
        self,
    ) -> Iterator[tuple[str, Scheduler[str, Document] | Scheduler[str, Vector] | Scheduler[Pair, Verdict]]]:
        yield "annotator", self.annotator
        yield "embedder", self.embedder
        yield "nli", self.nli


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
        self._workers: _Workers | None = None
        self._warm = False

    # --- life -------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the models, start their queues and answer a warm-up.

        Raises:
            ModelUnavailable: a model can't be loaded; the message says what to do.
        """
        self._pack = pack = await asyncio.to_thread(self._load)
        self._workers = _Workers(
            self._queue("annotator", pack.annotator),
            self._queue("embedder", pack.embedder),
            self._queue("nli", pack.nli),
        )
        await self._score([_warm_up_sample()], self.catalogue.names, Lane.LIVE, WARM_UP_S)
        self._warm = True

    def _queue(self, name: str, model: Model[Item, Result]) -> Scheduler[Item, Result]:
        """A running queue in front of a model."""
        scheduler = Scheduler(
            model,
            name=name,
            max_batch_tokens=self._limits.max_batch_tokens,
            max_batch_items=self._limits.max_batch_items,
            cache_items=self._limits.cache_items,
        )
        scheduler.start()
        return scheduler

    async def close(self) -> None:
        """Stop the queues; whoever still waits gets `NotReady`."""
        self._warm = False
        if self._workers is not None:
            for _, worker in self._workers:
                await asyncio.to_thread(worker.close)

    @property
    def ready(self) -> bool:
        """The models have answered the warm-up and every worker is alive."""
        return self._warm and all(state == "ok" for state in self.workers().values())

    def workers(self) -> dict[str, str]:
        """Worker → `ok`, or what is wrong with it."""
        if self._workers is None:
            return dict.fromkeys(("annotator", "embedder", "nli"), "loading")
        return {name: "ok" if worker.alive else worker.error or "stopped" for name, worker in self._workers}

    def waits(self) -> dict[str, float]:
        """Worker → seconds until work that arrives now would begin, as `GET /metrics` reports it."""
        if self._workers is None:
            return {}
        return {name: worker.estimate_wait_s() for name, worker in self._workers}

    @property
    def fingerprint(self) -> str:
        """Hashes all that decides a score.

        Raises:
            NotReady: the models are not loaded yet.
        """
        pack = self._loaded()
        return fingerprint(pack.specs, pack.nli.calibration, self.catalogue.digest)

    @property
    def pack_name(self) -> str:
        """The name of the resident pack."""
        return self._loaded().name

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """The resident models as `GET /info` reports them."""
        pack = self._loaded()
        calibrated = {"nli": pack.nli.calibration.source}
        return tuple(
            ModelInfo(
                role=spec.role,
                name=spec.name,
                revision=spec.revision,
                dtype=spec.dtype,
                device=spec.device,
                calibrated=calibrated.get(spec.role),
            )
            for spec in pack.specs
        )

    def _loaded(self) -> ModelPack:
        if self._pack is None:
            raise NotReady("the models are still loading", retry_after_s=5.0)
        return self._pack

    # --- the way of a batch -----------------------------------------------------------------------------

    async def score(
        self, samples: Sequence[Sample], rewards: Sequence[str], *, lane: Lane, deadline_s: float
    ) -> BatchResult:
        """Score samples under the named rewards.

        Args:
            samples: any number of samples.
            rewards: names of functions or recipes.
            lane: who waits.
            deadline_s: seconds from now after which nobody wants the answer any more.

        Returns:
            One scored sample for each sample, in order, with the asked rewards and all their parts.

        Raises:
            UnknownReward, NotReady, Overloaded, DeadlinePassed, WorkerFailed: see `errors.py`.
        """
        # An unknown name is the caller's error, whatever state we are in.
        functions = self.catalogue.functions_for(rewards)
        if not self.ready:
            raise NotReady(f"not ready: {self.workers()}", retry_after_s=5.0)
        result = await self._score(samples, rewards, lane, deadline_s)
        for function in functions:
            function.observe(result.samples)
        return result

    async def _score(
        self, samples: Sequence[Sample], rewards: Sequence[str], lane: Lane, deadline_s: float
    ) -> BatchResult:
        workers, pack = self._workers, self._loaded()
        if workers is None:
            raise NotReady("the models are still loading", retry_after_s=5.0)
        deadline = time.monotonic() + deadline_s
        functions = self.catalogue.functions_for(rewards)
        reads = frozenset[Reads]().union(*(function.reads for function in functions))
        clean = [normalised(sample) for sample in samples]

        texts = unique(text for sample in clean for text in texts_to_annotate(sample, reads))
        annotated = await workers.annotator.submit(texts, lane=lane, deadline=deadline)
        documents = dict(zip(texts, annotated.results, strict=True))
        drafts = [with_documents(sample, documents) for sample in clean]

        texts = unique(text for draft in drafts for text in texts_to_embed(draft, functions))
        embedded = await workers.embedder.submit(texts, lane=lane, deadline=deadline)
        vectors = dict(zip(texts, embedded.results, strict=True))
        ready = [replace(draft, vectors=vectors) for draft in drafts]

        wanted = await asyncio.to_thread(pairs, ready, functions)
        judged = await workers.nli.submit(wanted, lane=lane, deadline=deadline)
        verdicts = Verdicts(dict(zip(wanted, judged.results, strict=True)), pack.nli.calibration)

        scored = await asyncio.to_thread(self._combine, ready, functions, rewards, verdicts)
        return BatchResult(scored, _cost(annotated, embedded, judged))

    def _combine(
        self,
        samples: Sequence[AnnotatedSample],
        functions: Sequence[Reward],
        rewards: Sequence[str],
        verdicts: Verdicts,
    ) -> list[ScoredSample]:
        scored = []
        for sample in samples:
            parts = {
                function.name: function.score(sample, verdicts)
                if scorable(sample.sample, function)
                else Score.unscorable(NO_REFERENCE)
                for function in functions
            }
            scored.append(ScoredSample(sample.sample, self.catalogue.combine(rewards, parts)))
        return scored


def _cost(annotated: Answered[Document], embedded: Answered[Vector], judged: Answered[Verdict]) -> Cost:
    return Cost(
        nli_pairs=judged.computed,
        nli_tokens=judged.tokens,
        cached=annotated.cached + embedded.cached + judged.cached,
    )


def _warm_up_sample() -> Sample:
    text = (
        "Labour is the source of value. Therefore a commodity, for example a coat, is worth the labour time "
        "that society needs to make it."
    )
    return Sample("warm-up", "What is the source of value?", split(text), text)
