"""What the routes work with: the engine, the settings, the metrics, and how the start went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from reward_service.api.metrics import Metrics
from reward_service.checks.checker import Checker
from reward_service.errors import NotReady
from reward_service.models.speed import SchedulerStats
from reward_service.records import Records
from reward_service.settings import Settings
from reward_service.types import BatchResult, Sample
from shared.schema import Detail, Lane, ModelInfo, RewardInfo


class RewardCatalogue(Protocol):
    """The rewards that can be asked for; `reward_service.catalogue.Catalogue` is one."""

    def infos(self) -> list[RewardInfo]: ...


class Scorer(Protocol):
    """What the routes want of the engine; `reward_service.engine.Engine` is one."""

    @property
    def catalogue(self) -> RewardCatalogue: ...

    @property
    def ready(self) -> bool: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def pack_name(self) -> str: ...

    @property
    def models(self) -> tuple[ModelInfo, ...]: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def workers(self) -> dict[str, str]: ...

    def waits(self) -> dict[str, float]: ...

    def stats(self) -> dict[str, SchedulerStats]: ...

    async def score(
        self,
        samples: Sequence[Sample],
        rewards: Sequence[str],
        *,
        lane: Lane,
        deadline_s: float,
        detail: Detail,
    ) -> BatchResult: ...


@dataclass(slots=True)
class Context:
    """One app's engine, settings, finders and policies, and metrics."""

    engine: Scorer
    settings: Settings
    checker: Checker
    records: Records | None = None
    """Kept checks; None where none are kept."""
    metrics: Metrics = field(default_factory=Metrics)
    failure: str | None = None
    """Why the engine could not be started; None while it loads and when it runs."""

    def require_ready(self) -> None:
        """Raise if no request can be scored now.

        Raises:
            NotReady: the models are still loading, could not be loaded, or a worker is dead.
        """
        if self.failure is not None:
            raise NotReady(f"the engine could not be started: {self.failure}", retry_after_s=30.0)
        if not self.engine.ready:
            states = ", ".join(f"{name}: {state}" for name, state in self.engine.workers().items())
            raise NotReady(f"the models are not ready ({states})", retry_after_s=5.0)


def _context(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


InContext = Annotated[Context, Depends(_context)]
"""The app's context, as a parameter of a route."""
