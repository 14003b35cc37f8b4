"""What scores for a command: an engine that is started in this process, or a server that runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console

from reward_service.api import convert
from reward_service.api.context import Scorer
from reward_service.commands.engine import Build, build_engine
from reward_service.errors import ConfigurationError
from reward_service.settings import Settings
from shared.client import RewardClient
from shared.schema import Detail, Lane, RewardInfo, ScoreItem, ScoreResponse


class Backend(Protocol):
    """Scores a few items at a time, in the lane for evaluation."""

    @property
    def name(self) -> str:
        """What scores, in words."""
        ...

    def score(self, items: Sequence[ScoreItem], rewards: Sequence[str], detail: Detail) -> ScoreResponse: ...

    def rewards(self) -> list[RewardInfo]:
        """The rewards that can be asked for."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """The engine in this process."""

    runner: asyncio.Runner
    engine: Scorer
    settings: Settings

    @property
    def name(self) -> str:
        return f"{self.engine.pack_name} pack, in process"

    def score(self, items: Sequence[ScoreItem], rewards: Sequence[str], detail: Detail) -> ScoreResponse:
        samples = convert.samples(items, self.settings.limits)
        work = self.engine.score(
            samples,
            rewards,
            lane=Lane.EVALUATION,
            deadline_s=self.settings.deadline_evaluation_s,
            detail=detail,
        )
        return convert.response(self.runner.run(work), rewards, detail, self.engine.fingerprint)

    def rewards(self) -> list[RewardInfo]:
        return self.engine.catalogue.infos()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    client: RewardClient

    @property
    def name(self) -> str:
        return self.url

    def score(self, items: Sequence[ScoreItem], rewards: Sequence[str], detail: Detail) -> ScoreResponse:
        return self.client.score(items, rewards, detail=detail, lane=Lane.EVALUATION)

    def rewards(self) -> list[RewardInfo]:
        return self.client.rewards()


@contextmanager
def backend(
    url: str | None, settings: Settings, console: Console, build: Build = build_engine
) -> Iterator[Backend]:
    """The server at ``url``, or an engine that is started here and closed at the end.

    Raises:
        ConfigurationError: the URL is none.
        ModelUnavailable: a model can't be loaded.
    """
    if url is not None:
        key = settings.api_keys[0].get_secret_value() if settings.api_keys else None
        deadline_s = settings.deadline_evaluation_s
        try:
            client = RewardClient(url, api_key=key, deadline_s=deadline_s, patience_s=60.0)
        except ValueError as error:
            raise ConfigurationError(f"--url: {error}") from None
        with client:
            yield Server(url, client)
        return
    with asyncio.Runner() as runner:
        engine = build(settings)
        try:
            with console.status(f"loading the models ({settings.models} pack) …"):
                runner.run(engine.start())
            yield OwnEngine(runner, engine, settings)
        finally:
            runner.run(engine.close())
