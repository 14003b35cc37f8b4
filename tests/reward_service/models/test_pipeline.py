"""The pipeline: steps of several batches overlap, a live request overtakes, and each item runs once."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reward_service.errors import WorkerFailed
from reward_service.models.cores import YIELDING
from reward_service.models.scheduler import Scheduler
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import PATIENCE_S, Start, Upper, ask, blocked, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


class Watched(Upper):
    """Remembers the steps as they begin, and the threads that they ran in."""

    def __init__(self, *, closed_gate: bool = False, finish_s: float = 0.0, collate_s: float = 0.0) -> None:
        super().__init__(closed_gate=closed_gate)
        self.steps: list[str] = []
        self.threads: dict[str, set[str]] = {}
        self.finish_s, self.collate_s = finish_s, collate_s

    def collate(self, batch: Sequence[str]) -> list[str]:
        self.note("collate", batch)
        time.sleep(self.collate_s)
        return super().collate(batch)

    def forward(self, inputs: list[str]) -> list[str]:
        self.note("forward", inputs)
        return super().forward(inputs)

    def finish(self, outputs: list[str]) -> Sequence[str]:
        self.note("finish", [text.lower() for text in outputs])
        time.sleep(self.finish_s)
        return super().finish(outputs)

    def note(self, step: str, batch: Sequence[str]) -> None:
        self.steps.append(f"{step} {' '.join(batch)}")
        self.threads.setdefault(step, set()).add(threading.current_thread().name)


async def test_each_step_has_a_thread_of_its_own(start: Start) -> None:
    model = Watched()
    scheduler = start(model, max_batch_items=1)
    await ask(scheduler, "a", "b", "c")
    assert model.threads == {
        "collate": {"collate-upper"},
        "forward": {"model-upper"},
        "finish": {"finish-upper"},
    }


class Meeting(Upper):
    """Its first two `forward` calls wait for each other."""

    def __init__(self) -> None:
        super().__init__(fail_on=["boom"])
        self.barrier = threading.Barrier(2)
        self.met = 0
        self.lock = threading.Lock()

    def forward(self, inputs: list[str]) -> list[str]:
        with self.lock:
            self.met += 1
            waits = self.met <= 2
        if waits:
            self.barrier.wait(PATIENCE_S)
        return super().forward(inputs)


async def test_as_many_batches_run_side_by_side_as_there_are_calls(start: Start) -> None:
    model = Meeting()
    scheduler = start(model, max_batch_items=1, calls=2)
    words = [f"word{number}" for number in range(40)]
    fine, failed = ask(scheduler, *words), ask(scheduler, "boom")
    assert (await fine).results == [word.upper() for word in words]
    with pytest.raises(WorkerFailed, match="boom"):
        await failed
    assert scheduler.alive
    assert scheduler.queued == 0
    assert scheduler.stats.items == len(words)


async def test_what_waits_is_shared_out_among_the_calls(start: Start) -> None:
    model = Watched()
    scheduler = start(model, calls=2, max_batch_tokens=8192)
    await ask(scheduler, *(f"{number:03}" * 20 for number in range(10)))
    ran = [len(step.split()) - 1 for step in model.steps if step.startswith("forward")]
    assert sum(ran) == 10
    assert max(ran) == 5, "600 tokens, of which the first call takes half"


async def test_one_batch_of_each_lane_is_collated_ahead_and_no_more(start: Start) -> None:
    model = Watched(closed_gate=True)
    scheduler = start(model, max_batch_items=1)
    await blocked(scheduler, model)
    training = ask(scheduler, "a", "b", "c")
    await until(lambda: "collate a" in model.steps)
    evaluation = ask(scheduler, "d", "e", lane=Lane.EVALUATION)
    await until(lambda: "collate d" in model.steps)
    await asyncio.sleep(0.05)
    assert model.steps == ["collate plug", "forward plug", "collate a", "collate d"]
    model.gate.set()
    await asyncio.gather(training, evaluation)


async def test_live_overtakes_what_is_ready(start: Start) -> None:
    model = Watched(closed_gate=True)
    scheduler = start(model, max_batch_items=1)
    await blocked(scheduler, model)
    training = ask(scheduler, "a", "b")
    await until(lambda: "collate a" in model.steps)
    live = ask(scheduler, "live", lane=Lane.LIVE)
    await until(lambda: "collate live" in model.steps)
    model.gate.set()
    await asyncio.gather(training, live)
    assert model.batches == [["plug"], ["live"], ["a"], ["b"]]


class Apart(Upper):
    """Holds what begins with "plug" until its gate opens; remembers who ran what, at which priority."""

    def __init__(self) -> None:
        super().__init__(closed_gate=True)
        self.ran: dict[str, tuple[str, int]] = {}

    def forward(self, inputs: list[str]) -> list[str]:
        thread = threading.current_thread()
        priority = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.ran |= dict.fromkeys(inputs, (thread.name, priority))
        if inputs[0].startswith("plug"):
            return super().forward(inputs)
        return [text.upper() for text in inputs]


async def test_a_live_request_that_runs_apart_waits_for_no_batch(start: Start) -> None:
    model = Apart()
    scheduler = start(model, max_batch_items=1, live_apart=True)
    await ask(scheduler, "first", lane=Lane.LIVE)  # so that the speed is known
    plugs = ask(scheduler, "plug one", "plug two", "plug three")
    await until(model.inside.is_set)
    await until(lambda: scheduler.queued == 3)
    assert scheduler.estimate_wait_s(Lane.LIVE) == 0.0
    assert scheduler.estimate_wait_s(Lane.TRAINING) > 0.0
    assert (await ask(scheduler, "live", lane=Lane.LIVE)).results == ["LIVE"]
    model.gate.set()
    assert len((await plugs).results) == 3
    assert scheduler.estimate_wait_s() == 0.0
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert model.ran["live"] == ("live-upper", own)
    assert model.ran["plug one"] == ("model-upper", own + YIELDING)


async def test_a_batch_that_a_live_request_joins_is_run_as_live(start: Start) -> None:
    model = Apart()
    scheduler = start(model, max_batch_items=1, live_apart=True)
    plug = ask(scheduler, "plug")
    await until(model.inside.is_set)
    waiting = ask(scheduler, "shared")
    await until(lambda: scheduler.queued == 2)
    assert (await ask(scheduler, "shared", lane=Lane.LIVE)).results == ["SHARED"]
    assert (await waiting).results == ["SHARED"]
    assert model.ran["shared"][0] == "live-upper"
    assert scheduler.estimate_wait_s(Lane.LIVE) == 0.0
    model.gate.set()
    await plug


async def test_the_next_batch_runs_while_the_last_one_is_finished(start: Start) -> None:
    model = Watched(finish_s=0.1, collate_s=0.1)
    model.delay_s = 0.1
    scheduler = start(model, max_batch_items=1)
    begin = time.monotonic()
    await ask(scheduler, *"abcdefgh")
    taken = time.monotonic() - begin
    assert 1.0 <= taken < 1.6, "8 batches of three steps of 0.1 s: 1 s side by side, 2.4 s in a row"


async def test_what_nobody_wants_any_more_does_not_run_though_it_is_ready(start: Start) -> None:
    model = Watched(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    gone = ask(scheduler, "gone")
    await until(lambda: "collate gone" in model.steps)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    model.gate.set()
    await plug
    await ask(scheduler, "next")
    assert model.batches == [["plug"], ["next"]]
    assert scheduler.queued == 0
    assert scheduler.estimate_wait_s() == 0.0


@pytest.mark.parametrize("training_handicap_s", [15.0, 0.0])
async def test_a_live_request_waits_for_one_batch_of_a_full_backlog(
    start: Start, training_handicap_s: float
) -> None:
    """Even when the backlog is older than the live requests by more than its handicap."""
    batch_s = 0.05
    model = Upper(delay_s=batch_s)
    handicap = {Lane.LIVE: 0.0, Lane.TRAINING: training_handicap_s, Lane.EVALUATION: 60.0}
    scheduler = start(model, max_batch_items=1, cache_bytes=0, handicap_s=handicap)
    backlog = ask(scheduler, *(f"training {i}" for i in range(200)), deadline_s=None)
    await until(lambda: scheduler.queued == 200)
    between = []
    for number in range(12):
        await asyncio.sleep(0.07 + 0.01 * (number % 5))
        before = len(model.batches)
        await ask(scheduler, f"live {number}", lane=Lane.LIVE, deadline_s=None)
        between.append(model.batches.index([f"live {number}"]) - before)
    assert max(between) <= 1, "the batch that runs is in the record when it ends; one more may go before"
    assert sum(between) <= len(between) * 0.75
    assert not backlog.done()
    backlog.cancel()


async def test_the_counters_say_what_ran(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model, max_batch_tokens=12, max_batch_items=3)
    await blocked(scheduler, model)
    task = ask(scheduler, "aaaa", "b", "cc", "dddd", "e")
    await until(lambda: scheduler.queued == 6)
    model.delay_s = 0.02
    model.gate.set()
    await task
    assert model.batches[1:] == [["b", "e", "cc"], ["aaaa", "dddd"]]
    stats = scheduler.stats
    assert (stats.batches, stats.items, stats.tokens, stats.padded_tokens) == (3, 6, 16, 4 + 6 + 8)
    assert stats.forward_s >= 0.06


requests = st.lists(
    st.tuples(
        st.lists(st.text("abc", min_size=1, max_size=4), max_size=8),
        st.sampled_from(list(Lane)),
        st.sampled_from([None, 0.0, 0.001]),
    ),
    max_size=12,
)


@given(requests, st.integers(1, 20), st.integers(1, 4), st.integers(1, 2), st.booleans())
@settings(max_examples=80, deadline=None)
def test_every_item_of_every_request_runs_exactly_once(
    plan: list[tuple[list[str], Lane, float | None]],
    max_tokens: int,
    max_items: int,
    calls: int,
    live_apart: bool,
) -> None:
    model = Upper()
    scheduler = Scheduler[str, str](
        model, name="upper", max_batch_tokens=max_tokens, max_batch_items=max_items, cache_bytes=100_000,
        calls=calls, live_apart=live_apart,
    )  # fmt: skip
    scheduler.start()

    async def all_of_them() -> None:
        tasks = []
        for items, lane, pause in plan:
            if pause is not None:
                await asyncio.sleep(pause)
            tasks.append(ask(scheduler, *items, lane=lane))
        for (items, _, _), task in zip(plan, tasks, strict=True):
            assert (await task).results == [item.upper() for item in items]

    try:
        asyncio.run(all_of_them())
        assert scheduler.queued == 0
        assert scheduler.estimate_wait_s() == 0.0
    finally:
        scheduler.close()
    ran = Counter(item for batch in model.batches for item in batch)
    assert set(ran) == {item for items, _, _ in plan for item in items}
    assert all(count == 1 for count in ran.values())
