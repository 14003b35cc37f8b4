"""The scheduler when things go wrong: every waiter gets a typed error, and never silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from reward_service.errors import NotReady, WorkerFailed
from reward_service.models.scheduler import Scheduler
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import Start, Upper, ask, blocked, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(30)]


class FailsIn(Upper):
    """One of its steps raises on a batch that holds the item `bad`."""

    def __init__(self, step: str) -> None:
        super().__init__(closed_gate=True)
        self.step = step

    def collate(self, batch: Sequence[str]) -> list[str]:
        self.check("collate", "bad" in batch)
        return super().collate(batch)

    def finish(self, outputs: list[str]) -> Sequence[str]:
        self.check("finish", "BAD" in outputs)
        return super().finish(outputs)

    def check(self, step: str, bad: bool) -> None:
        if bad and step == self.step:
            raise RuntimeError(f"no {step} of bad")


class Deadly(Upper):
    """One of its steps ends its thread on the item `deadly`, as a model does that calls exit."""

    def __init__(self, step: str) -> None:
        super().__init__(closed_gate=True)
        self.step = step

    def collate(self, batch: Sequence[str]) -> list[str]:
        self.check("collate", batch)
        return super().collate(batch)

    def forward(self, inputs: list[str]) -> list[str]:
        outputs = super().forward(inputs)
        self.check("forward", inputs)
        return outputs

    def finish(self, outputs: list[str]) -> Sequence[str]:
        self.check("finish", [text.lower() for text in outputs])
        return super().finish(outputs)

    def check(self, step: str, batch: Sequence[str]) -> None:
        if "deadly" in batch and step == self.step:
            raise SystemExit("the driver is gone")


class Short(Upper):
    """Returns one result too few."""

    def finish(self, outputs: list[str]) -> Sequence[str]:
        return outputs[1:]


class Unpreparable(Upper):
    def prepare(self, items: Sequence[str]) -> Sequence[str]:
        raise ValueError(f"no tokens for {items}")


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


async def test_the_culprit_is_found_by_halves(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    model = Upper(fail_on=["bad"], closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model, Lane.TRAINING)
    good = [ask(scheduler, f"{i:03d}") for i in range(63)]
    bad = ask(scheduler, "bad")
    await until(lambda: scheduler.queued == 66)
    with caplog.at_level(logging.CRITICAL):
        model.gate.set()
        assert [(await task).results for task in good] == [[f"{i:03d}"] for i in range(63)]
        with pytest.raises(WorkerFailed, match="told to fail on 'bad'"):
            await bad
    await plug
    batches = model.batches[2:]
    assert len(batches) == 1 + 2 * 6, "all of them, and two halves on each of six levels"
    assert [len(batch) for batch in batches if "bad" in batch] == [64, 32, 16, 8, 4, 2, 1]
    assert (scheduler.stats.batches, scheduler.stats.items) == (2 + 6, 65)


async def test_live_work_does_not_wait_for_the_halves(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    model = Upper(fail_on=["bad"], closed_gate=True)
    scheduler = start(model)
    await blocked(scheduler, model, Lane.TRAINING)
    training = ask(scheduler, "bad", "one", "two")
    await until(lambda: scheduler.queued == 5)
    with caplog.at_level(logging.CRITICAL):
        model.inside.clear()
        model.delay_s = 0.05
        model.gate.set()
        await until(lambda: any("bad" in batch for batch in model.batches))
        live = ask(scheduler, "live", lane=Lane.LIVE)
        assert (await live).results == ["LIVE"]
        assert not training.done()
        with pytest.raises(WorkerFailed, match="bad"):
            await training


@pytest.mark.parametrize("step", ["collate", "finish"])
async def test_every_step_may_fail(start: Start, caplog: pytest.LogCaptureFixture, step: str) -> None:
    model = FailsIn(step)
    scheduler = start(model)
    plug = await blocked(scheduler, model, Lane.TRAINING)
    good, bad = ask(scheduler, "a", "b", "c"), ask(scheduler, "bad")
    await until(lambda: scheduler.queued == 6)
    with caplog.at_level(logging.CRITICAL):
        model.gate.set()
        assert (await good).results == ["A", "B", "C"]
        with pytest.raises(WorkerFailed, match=f"no {step} of bad"):
            await bad
    await plug
    assert scheduler.alive
    assert scheduler.queued == 0


async def test_a_missing_result_is_a_failure(start: Start) -> None:
    with pytest.raises(WorkerFailed, match="0 results for 1 items"):
        await ask(start(Short()), "a")


async def test_a_failing_tokenizer_is_a_failure(start: Start) -> None:
    with pytest.raises(WorkerFailed, match="no tokens for"):
        await ask(start(Unpreparable()), "a")


@pytest.mark.parametrize("step", ["collate", "forward", "finish"])
async def test_a_dead_thread_tells_everybody(
    start: Start, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    model = Deadly(step)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    waiting = ask(scheduler, "deadly", deadline_s=None)
    with caplog.at_level(logging.CRITICAL + 1):
        if step != "collate":
            await until(lambda: scheduler.queued == 2)
            model.gate.set()
            await plug
        with pytest.raises(NotReady, match="the driver is gone"):
            await waiting
    await until(lambda: not scheduler.alive)
    assert scheduler.error == "SystemExit: the driver is gone"
    with pytest.raises(NotReady, match="the driver is gone"):
        await ask(scheduler, "b", deadline_s=None)
    if step == "collate":
        with pytest.raises(NotReady, match="the driver is gone"):
            await plug


async def test_an_ill_model_is_reported_but_still_works(start: Start) -> None:
    model = Upper()
    scheduler = start(model)
    model.ill = "a process is restarted"
    assert (scheduler.alive, scheduler.error) == (False, "a process is restarted")
    assert (await ask(scheduler, "a")).results == ["A"]
    model.ill = None
    assert (scheduler.alive, scheduler.error) == (True, None)


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
    assert model.closed == 1
    scheduler.close()
    assert model.closed == 1, "once, however often the scheduler is closed"
    with pytest.raises(NotReady, match="shut down"):
        await ask(scheduler, "b")
    assert model.batches == [["plug"]]


async def test_a_cancelled_waiter_takes_its_items_along(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    plugs = await blocked(scheduler, model, Lane.TRAINING)
    gone, stays = ask(scheduler, "only mine", "shared"), ask(scheduler, "shared")
    await until(lambda: scheduler.queued == 4)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert scheduler.queued == 3
    model.gate.set()
    assert (await stays).results == ["SHARED"]
    await plugs
    assert model.batches == [["plug"], ["plug training"], ["shared"]]


async def test_before_the_start_nobody_waits() -> None:
    scheduler = Scheduler[str, str](
        Upper(), name="upper", max_batch_tokens=1, max_batch_items=1, cache_bytes=1
    )
    assert not scheduler.alive
    with pytest.raises(NotReady, match="not started"):
        await ask(scheduler, "a")
    scheduler.close()
    with pytest.raises(RuntimeError, match="once"):
        scheduler.start()
