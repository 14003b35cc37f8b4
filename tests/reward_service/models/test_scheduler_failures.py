"""The scheduler when things go wrong: every waiter gets a typed error, and never silence."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import pytest

from reward_service.errors import DeadlinePassed, NotReady, Overloaded, WorkerFailed
from reward_service.models.scheduler import Scheduler
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import Start, Upper, ask, blocked, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(30)]


class Deadly(Upper):
    """Ends its thread, as a model does that calls exit."""

    def run(self, batch: Sequence[str]) -> Sequence[str]:
        super().run(batch)
        raise SystemExit("the driver is gone")


class Short(Upper):
    """Returns one result too few."""

    def run(self, batch: Sequence[str]) -> Sequence[str]:
        return super().run(batch)[1:]


class Unpreparable(Upper):
    def prepare(self, items: Sequence[str]) -> Sequence[str]:
        raise ValueError(f"no tokens for {items}")


# --- deadlines ---


async def test_a_deadline_passes_before_compute(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    begin = time.monotonic()
    with pytest.raises(DeadlinePassed, match="upper") as caught:
        await ask(scheduler, "late", deadline_s=0.1)
    assert time.monotonic() - begin < 2.0
    assert caught.value.retry_after_s is not None
    model.gate.set()
    await plug
    await ask(scheduler, "next")
    assert model.batches == [["plug"], ["next"]], "nobody computes what nobody wants any more"


async def test_a_deadline_in_the_past_is_refused(start: Start) -> None:
    model = Upper()
    with pytest.raises(DeadlinePassed):
        await ask(start(model), "late", deadline_s=-1.0)
    assert model.batches == []


async def test_a_queue_that_is_too_long_is_refused_with_a_time_to_come_back(start: Start) -> None:
    model = Upper(delay_s=0.1)
    scheduler = start(model, max_batch_items=1)
    await ask(scheduler, "x" * 10)  # about 100 tokens per second
    assert scheduler.estimate_wait_s() == 0.0
    backlog = ask(scheduler, *(f"{i:010d}" for i in range(20)))
    await until(lambda: scheduler.queued > 10)
    with pytest.raises(Overloaded, match=r"s of work before this") as caught:
        await ask(scheduler, "hurry", deadline_s=0.3)
    assert caught.value.retry_after_s is not None
    assert 1.0 <= caught.value.retry_after_s < 10.0
    live = await ask(scheduler, "urgent", lane=Lane.LIVE, deadline_s=2.0)  # the backlog is behind it
    assert live.results == ["URGENT"]
    assert not backlog.done()
    backlog.cancel()


# --- failures ---


async def test_only_the_waiters_of_the_failing_item_fail(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    model = Upper(fail_on=["bad"], closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    good, bad, also_bad = ask(scheduler, "a"), ask(scheduler, "b", "bad"), ask(scheduler, "bad")
    await until(lambda: scheduler.queued == 4)
    with caplog.at_level(logging.CRITICAL):
        model.gate.set()
        assert (await good).results == ["A"]
        for task in (bad, also_bad):
            with pytest.raises(WorkerFailed, match="told to fail on 'bad'"):
                await task
    await plug
    assert scheduler.alive
    assert (await ask(scheduler, "b")).results == ["B"], "one failure takes nothing else with it"


async def test_a_missing_result_is_a_failure(start: Start) -> None:
    with pytest.raises(WorkerFailed, match="0 results for 1 items"):
        await ask(start(Short()), "a")


async def test_a_failing_tokenizer_is_a_failure(start: Start) -> None:
    with pytest.raises(WorkerFailed, match="no tokens for"):
        await ask(start(Unpreparable()), "a")


async def test_a_dead_thread_tells_everybody(start: Start) -> None:
    model = Deadly(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    waiting = ask(scheduler, "a", deadline_s=None)
    await until(lambda: scheduler.queued == 2)
    model.gate.set()
    for task in (plug, waiting):
        with pytest.raises(NotReady, match="the driver is gone"):
            await task
    await until(lambda: not scheduler.alive)
    assert scheduler.error == "SystemExit: the driver is gone"
    with pytest.raises(NotReady, match="the driver is gone"):
        await ask(scheduler, "b", deadline_s=None)


# --- the end ---


async def test_close_tells_everybody(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    waiting = ask(scheduler, "a", deadline_s=None)
    await until(lambda: scheduler.queued == 2)
    closing = asyncio.create_task(asyncio.to_thread(scheduler.close))
    for task in (plug, waiting):
        with pytest.raises(NotReady, match="shutting down"):
            await task
    model.gate.set()
    await closing
    assert not scheduler.alive
    assert scheduler.error is None
    with pytest.raises(NotReady, match="shut down"):
        await ask(scheduler, "b")
    assert model.batches == [["plug"]]


async def test_a_cancelled_waiter_takes_its_items_along(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    gone, stays = ask(scheduler, "only mine", "shared"), ask(scheduler, "shared")
    await until(lambda: scheduler.queued == 3)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert scheduler.queued == 2
    model.gate.set()
    assert (await stays).results == ["SHARED"]
    await plug
    assert model.batches == [["plug"], ["shared"]]


async def test_before_the_start_nobody_waits() -> None:
    scheduler = Scheduler[str, str](
        Upper(), name="upper", max_batch_tokens=1, max_batch_items=1, cache_items=1
    )
    assert not scheduler.alive
    with pytest.raises(NotReady, match="not started"):
        await ask(scheduler, "a")
    scheduler.close()
    with pytest.raises(RuntimeError, match="once"):
        scheduler.start()
