"""Where the time of a load goes: the stages of an engine in this process, by the clock.

Stages overlap: while the NLI model multiplies, texts are annotated.  So each moment is counted once: as the
NLI model's if it multiplies, else as that of the stages that run then, in equal parts; else as waiting
between stages; else as HTTP.  The shares sum to 1, and what is not the NLI model's is what it waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, cast

import httpx

from benchmarks.serving import DEADLINE_S, Setup
from reward_service.app import create_app
from reward_service.catalogue import RECIPES, Catalogue
from reward_service.commands.engine import engine_limits, load_models
from reward_service.engine import Engine
from reward_service.lexicons import load_lexicon
from reward_service.models.protocols import ModelPack
from reward_service.recipes import load_recipes
from reward_service.rewards import discover
from reward_service.rewards.base import Domain, Reward
from reward_service.settings import Settings
from reward_service.types import Pair
from shared.schema import Detail, Lane, ScoreItem, ScoreRequest

FORWARD = "NLI forward"
QUEUES = "between stages: queues, event loop, idle"
HTTP = "HTTP: JSON, validation"
_LAST = (QUEUES, HTTP)
"""Stages that count only where no other one runs, in this order."""


class Timeline:
    """Which stages ran when."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float, str]] = []
        """Begin, end, stage; from any thread."""

    @contextmanager
    def span(self, stage: str) -> Iterator[None]:
        """Note that a stage runs."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.spans.append((begin, time.perf_counter(), stage))

    def seconds(self) -> dict[str, float]:
        """Stage → seconds that count as its own, from the first begin to the last end."""
        edges = sorted(
            edge for begin, end, stage in self.spans for edge in ((begin, 1, stage), (end, -1, stage))
        )
        active: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for (at, step, stage), (until, _, _) in pairwise(edges):
            active[stage] += step
            owners = _owners([name for name, count in active.items() if count])
            for owner in owners:
                found[owner] += cast(int, (until - at) / len(owners))
        return {stage: float(spent) for stage, spent in found.most_common()}


def _owners(running: Sequence[str]) -> list[str]:
    """The stages that a moment counts for."""
    if not running or FORWARD in running:
        return [FORWARD] if running else []
    first = [stage for stage in running if stage not in _LAST]
    return first or [next(stage for stage in _LAST if stage in running)]


class TimedModel:
    """A model whose steps are noted; everything else is the model's own.

    Args:
        model: one of a pack.
        timeline: notes the steps.
        stages: step → stage.
    """

    def __init__(self, model: Any, timeline: Timeline, stages: Mapping[str, str]) -> None:
        self._model = model
        self._timeline = timeline
        self._stages = stages
        self.items: dict[Any, None] = {}
        """What was prepared, in the order of its first appearance."""
        self.real_tokens = 0
        self.padded_tokens = 0
        """Of the batches that were collated."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def prepare(self, items: Sequence[Any]) -> Any:
        self.items.update(dict.fromkeys(items))
        return self._timed("prepare", items)

    def collate(self, batch: Sequence[Any]) -> Any:
        inputs = self._timed("collate", batch)
        self.real_tokens += sum(map(self._model.cost, batch))
        self.padded_tokens += token_count(inputs)
        return inputs

    def forward(self, inputs: Any) -> Any:
        return self._timed("forward", inputs)

    def finish(self, outputs: Any) -> Any:
        return self._timed("finish", outputs)

    def run(self, batch: Sequence[Any]) -> Any:
        return self.finish(self.forward(self.collate(batch)))

    def forget(self) -> None:
        """Count from now on."""
        self.items.clear()
        self.real_tokens = self.padded_tokens = 0

    def _timed(self, step: str, argument: Any) -> Any:
        with self._timeline.span(self._stages[step]):
            return getattr(self._model, step)(argument)


class TimedReward:
    """A reward function whose planning and scoring is noted; everything else is its own."""

    def __init__(self, reward: Reward, timeline: Timeline) -> None:
        self._reward = reward
        self._timeline = timeline

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._reward, name)
        if name not in REWARD_STAGES:
            return found

        def timed(*arguments: Any) -> Any:
            with self._timeline.span(REWARD_STAGES[name]):
                return found(*arguments)

        return timed


def token_count(inputs: Any) -> int:
    """Tokens, padding included, of whatever `collate` made: the size of all `input_ids` in it."""
    if isinstance(inputs, Mapping):
        if "input_ids" in inputs:
            return int(inputs["input_ids"].numel())
        return sum(token_count(part) for part in inputs.values())
    if isinstance(inputs, list | tuple):
        return sum(map(token_count, inputs))
    if hasattr(inputs, "__dataclass_fields__"):
        return sum(token_count(getattr(inputs, part.name)) for part in fields(inputs))
    return 0


@dataclass(frozen=True, slots=True)
class Watched:
    """An engine in this process, and what was seen of a load."""

    seconds: float
    shares: Mapping[str, float]
    """Stage → its share of the wall time; they sum to 1."""
    pairs: Sequence[Pair]
    """Every pair that the NLI model judged."""
    padded_over_real: float | None
    """NLI tokens with padding over those without."""
    nli_dtype: str
    """The number format that the settings came to."""


def watch(setup: Setup, shares: Sequence[Sequence[ScoreItem]], warm_up: Sequence[ScoreItem]) -> Watched:
    """Score a load as a server with these settings would, without sockets, and note its stages.

    Args:
        setup: the settings.
        shares: one request for each, all at once.
        warm_up: scored first.
    """
    return asyncio.run(_watch(setup.in_process(), shares, warm_up))


async def _watch(
    settings: Settings, shares: Sequence[Sequence[ScoreItem]], warm_up: Sequence[ScoreItem]
) -> Watched:
    timeline = Timeline()
    pack = await asyncio.to_thread(load_models, settings)
    timed = {role: TimedModel(getattr(pack, role), timeline, stages) for role, stages in STAGES.items()}
    models: Any = timed
    engine: Any = Engine(
        lambda: ModelPack(name=pack.name, **models), _catalogue(settings, timeline), engine_limits(settings)
    )
    await engine.start()
    app = create_app(settings, _TimedScorer(engine, timeline))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here", timeout=None) as client:
        await _post(client, warm_up, Timeline())
        timeline.spans.clear()
        timed["nli"].forget()
        begin = time.perf_counter()
        await asyncio.gather(*(_post(client, share, timeline) for share in shares))
        seconds = time.perf_counter() - begin
    spent = timeline.seconds()
    nli, dtype = timed["nli"], str(pack.nli.spec.dtype)
    padded = nli.padded_tokens / nli.real_tokens if nli.real_tokens and nli.padded_tokens else None
    await engine.close()
    total = sum(spent.values())
    return Watched(seconds, {s: t / total for s, t in spent.items()}, list(nli.items), padded, dtype)


STAGES = {
    "annotator": dict.fromkeys(("prepare", "collate", "forward", "finish"), "annotate"),
    "embedder": dict.fromkeys(("prepare", "collate", "forward", "finish"), "embed"),
    "nli": {
        "prepare": "NLI tokenise",
        "collate": "NLI collate and finish",
        "forward": FORWARD,
        "finish": "NLI collate and finish",
    },
}
"""Model → step → stage."""
REWARD_STAGES = {**dict.fromkeys(("pairs", "next_pairs", "chunks"), "plan pairs"), "score": "score"}
"""Method of a reward function → stage."""


class _TimedScorer:
    """An engine whose scoring is noted."""

    def __init__(self, engine: Any, timeline: Timeline) -> None:
        self._engine = engine
        self._timeline = timeline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def score(self, *arguments: Any, **named: Any) -> Any:
        with self._timeline.span(QUEUES):
            return await self._engine.score(*arguments, **named)


async def _post(client: httpx.AsyncClient, share: Sequence[ScoreItem], timeline: Timeline) -> None:
    request = ScoreRequest(items=list(share), detail=Detail.SCORES, lane=Lane.TRAINING, deadline_s=DEADLINE_S)
    body = request.model_dump_json().encode()
    with timeline.span(HTTP):
        answer = await client.post("/score", content=body, headers={"content-type": "application/json"})
    answer.raise_for_status()


def _catalogue(settings: Settings, timeline: Timeline) -> Catalogue:
    functions = discover(Domain(load_lexicon(settings.lexicon)))
    timed = {name: cast(Reward, TimedReward(function, timeline)) for name, function in functions.items()}
    folders = [RECIPES, *([settings.recipes_dir] if settings.recipes_dir is not None else [])]
    return Catalogue(timed, load_recipes(folders, timed))
