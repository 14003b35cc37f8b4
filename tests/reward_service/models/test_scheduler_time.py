"""The scheduler and time: deadlines, truthful refusals, and batches that take no longer than they should."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence

import pytest

from reward_service.errors import DeadlinePassed, Overloaded
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import Start, Upper, ask, blocked, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(30)]


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


async def test_the_queue_keeps_deadlines_even_when_the_event_loop_is_busy(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    await blocked(scheduler, model, Lane.TRAINING)
    late, early = ask(scheduler, "late", "both", deadline_s=0.1), ask(scheduler, "early", "both")
    await until(lambda: scheduler.queued == 5)
    opener = threading.Timer(0.2, model.gate.set)
    opener.start()
    time.sleep(0.4)  # the event loop can't time anything out meanwhile
    assert [sorted(batch) for batch in model.batches] == [["plug"], ["plug training"], ["both", "early"]]
    with pytest.raises(DeadlinePassed):
        await late
    assert (await early).results == ["EARLY", "BOTH"]


# --- refusals ---


async def test_what_cannot_be_done_in_time_is_refused_with_the_time_to_come_back(start: Start) -> None:
    """1000 tokens per second: 1.5 s of work go before a request of 1 s."""
    model = Upper(tokens_per_s=1000)
    scheduler = start(model, max_batch_tokens=100)
    assert scheduler.estimate_wait_s() == 0.0
    await ask(scheduler, "x" * 100)
    backlog = ask(scheduler, *(f"{i:0100d}" for i in range(15)))
    await until(lambda: scheduler.queued > 10)
    own = [f"{i:0100d}" for i in range(100, 110)]
    for deadline_s in (0.1, 1.2, 2.0):
        with pytest.raises(Overloaded) as caught:
            await ask(scheduler, *own, deadline_s=deadline_s)
        before, mine, left = map(float, re.findall(r"(\d+\.\d) s", caught.value.message))
        assert before == pytest.approx(1.5, rel=0.3)
        assert mine == pytest.approx(1.0, rel=0.3)
        assert left == pytest.approx(deadline_s, abs=0.11)
        expected = max(1.0, min(before, before + mine - left))
        assert caught.value.retry_after_s == pytest.approx(expected, abs=0.16)
    assert (await ask(scheduler, "urgent", lane=Lane.LIVE, deadline_s=0.5)).results == ["URGENT"]
    assert not backlog.done(), "a live request is not refused for what goes after it"
    assert len((await ask(scheduler, *own, deadline_s=4.0)).results) == 10


async def test_a_lane_waits_for_what_goes_before_it(start: Start) -> None:
    """1000 tokens per second: 4 run, 13 of training are ready, and some of each lane wait."""
    model = Upper(tokens_per_s=1000)
    scheduler = start(model, max_batch_items=1)
    await ask(scheduler, "x" * 100)
    model.gate.clear()
    model.inside.clear()
    await blocked(scheduler, model, Lane.TRAINING)  # "plug", which runs, and "plug training"
    for lane, tokens in ((Lane.EVALUATION, 100), (Lane.TRAINING, 200), (Lane.LIVE, 400)):
        for number in range(2):
            ask(scheduler, f"{number}{lane:_>{tokens - 1}}", lane=lane)
    await until(lambda: scheduler.queued == 8)
    waits = [scheduler.estimate_wait_s(lane) for lane in (Lane.LIVE, Lane.TRAINING, Lane.EVALUATION, None)]
    assert waits[-1] == pytest.approx(1.417, rel=0.5)
    assert [wait / waits[-1] * 1417 for wait in waits] == pytest.approx([804, 1217, 1417, 1417])
    model.gate.set()


async def test_an_empty_queue_takes_all(start: Start) -> None:
    model = Upper(tokens_per_s=1000)
    scheduler = start(model)
    await ask(scheduler, "x" * 100)
    with pytest.raises(DeadlinePassed):  # not Overloaded: the measure may be old
        await ask(scheduler, "y" * 500, deadline_s=0.2)


async def test_a_large_request_is_judged_by_all_of_its_work(start: Start) -> None:
    """Of 2000 items only the first piece is prepared before the refusal."""
    model = Upper(tokens_per_s=10_000)
    scheduler = start(model)
    await ask(scheduler, "x" * 1000)
    backlog = ask(scheduler, *(f"{i:01000d}" for i in range(10)))
    await until(lambda: scheduler.queued > 5)
    with pytest.raises(Overloaded, match=r"this one's 2\.\d s"):
        await ask(scheduler, *(f"{i:010d}" for i in range(2000)), deadline_s=2.0)
    await backlog


# --- batches ---


async def test_batches_are_cut_to_the_time_that_they_may_take(start: Start) -> None:
    model = Upper(tokens_per_s=4000)
    scheduler = start(model, max_batch_tokens=5000, max_batch_items=500, max_batch_s=0.05)
    await ask(scheduler, *(f"{i:010d}" for i in range(200)))
    sizes = [10 * len(batch) for batch in model.batches]
    assert sizes[0] <= 512, "before anything is measured"
    assert all(100 <= size <= 210 for size in sizes[2:-1]), sizes  # 4000 tokens/s x 0.05 s = 200 tokens
    assert scheduler.stats.forward_s == pytest.approx(2000 / 4000, rel=0.3)


async def test_a_large_request_runs_while_it_is_prepared(start: Start) -> None:
    model = Pieces()
    scheduler = start(model, max_batch_items=1000, max_batch_tokens=10_000)
    answer = await ask(scheduler, *(str(i) for i in range(600)))
    assert answer.results == [str(i) for i in range(600)]
    assert (answer.computed, answer.cached) == (600, 0)
    assert model.prepared_at_first_batch == 256


class Pieces(Upper):
    """The second piece is prepared only once the first one runs."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared = 0
        self.prepared_at_first_batch: int | None = None

    def prepare(self, items: Sequence[str]) -> list[str]:
        if self.prepared:
            assert self.inside.wait(5.0)
        self.prepared += len(items)
        return list(items)

    def forward(self, inputs: list[str]) -> list[str]:
        if self.prepared_at_first_batch is None:
            self.prepared_at_first_batch = self.prepared
        return super().forward(inputs)
