"""What the scheduler's tests share: a model that can be held, slowed down and made to fail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

from reward_service.models.fakes import FakeModel
from reward_service.models.scheduler import Answered, Scheduler
from shared.schema import Lane

PATIENCE_S = 10.0

Start = Callable[..., Scheduler[str, str]]
"""The fixture `start`: starts a scheduler over a model."""


class Upper(FakeModel[str, str]):
    """Upper-cases texts; one token for each character.  `gate` holds it inside `run` until it is set."""

    role = "nli"

    def __init__(
        self, *, delay_s: float = 0.0, fail_on: Sequence[str] = (), closed_gate: bool = False
    ) -> None:
        super().__init__(delay_s=delay_s, fail_on=fail_on)
        self.gate = threading.Event()
        self.inside = threading.Event()
        if not closed_gate:
            self.gate.set()

    def cost(self, prepared: str) -> int:
        return len(prepared)

    def run(self, batch: Sequence[str]) -> Sequence[str]:
        self.inside.set()
        assert self.gate.wait(PATIENCE_S)
        return super().run(batch)

    def answer(self, item: str) -> str:
        return item.upper()


def ask(
    scheduler: Scheduler[str, str],
    *items: str,
    lane: Lane = Lane.TRAINING,
    deadline_s: float | None = PATIENCE_S,
) -> asyncio.Task[Answered[str]]:
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    return asyncio.create_task(scheduler.submit(items, lane=lane, deadline=deadline))


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.002)


async def blocked(scheduler: Scheduler[str, str], model: Upper) -> asyncio.Task[Answered[str]]:
    """Occupy the worker with an item of its own until the gate opens."""
    task = ask(scheduler, "plug", lane=Lane.LIVE)
    await until(model.inside.is_set)
    return task
