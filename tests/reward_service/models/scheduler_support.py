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
    """Upper-cases texts; one token for each character, and one byte of each result.

    Args:
        delay_s: seconds of each `forward`.
        tokens_per_s: makes `forward` take the batch's tokens by this.
        fail_on: items on which `forward` raises.
        closed_gate: `gate` holds `forward` until it is set.
    """

    role = "nli"

    def __init__(
        self,
        *,
        delay_s: float = 0.0,
        tokens_per_s: float | None = None,
        fail_on: Sequence[str] = (),
        closed_gate: bool = False,
    ) -> None:
        super().__init__(delay_s=delay_s, fail_on=fail_on)
        self.tokens_per_s = tokens_per_s
        self.gate = threading.Event()
        self.inside = threading.Event()
        self.ill: str | None = None
        """What `health` says."""
        self.closed = 0
        """How often it was closed."""
        if not closed_gate:
            self.gate.set()

    def cost(self, prepared: str) -> int:
        return len(prepared)

    def forward(self, inputs: list[str]) -> list[str]:
        self.inside.set()
        assert self.gate.wait(PATIENCE_S)
        if self.tokens_per_s is not None:
            time.sleep(sum(map(len, inputs)) / self.tokens_per_s)
        return super().forward(inputs)

    def answer(self, item: str) -> str:
        return item.upper()

    def bytes_of(self, result: str) -> int:
        return len(result)

    def health(self) -> str | None:
        return self.ill

    def close(self) -> None:
        self.closed += 1


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


async def blocked(
    scheduler: Scheduler[str, str], model: Upper, *ahead: Lane
) -> asyncio.Task[list[Answered[str]]]:
    """Occupy the model with an item of its own until the gate opens, and the place for a ready batch in some
    lanes with one more each."""
    plug = ask(scheduler, "plug", lane=Lane.LIVE)
    await until(model.inside.is_set)
    plugs = [plug]
    for lane in ahead:
        plugs.append(ask(scheduler, f"plug {lane}", lane=lane))
        await until(lambda: scheduler.queued == len(plugs))
        await asyncio.sleep(0.02)  # until it is collated
    return asyncio.ensure_future(_all(plugs))


async def _all(tasks: Sequence[asyncio.Task[Answered[str]]]) -> list[Answered[str]]:
    return [await task for task in tasks]
