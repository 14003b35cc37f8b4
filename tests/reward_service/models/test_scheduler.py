"""The scheduler: merges the work of all requests, keeps lanes and budgets, and answers in order."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from reward_service.models.cache import ENTRY_BYTES, key_bytes
from reward_service.models.scheduler import Answered
from shared.schema import Lane
from tests.reward_service.models.scheduler_support import PATIENCE_S, Start, Upper, ask, blocked, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(30)]


# --- answers ---


async def test_answers_in_order(start: Start) -> None:
    model = Upper()
    answer = await ask(start(model), "b", "a", "b", "ccc")
    assert answer == Answered(["B", "A", "B", "CCC"], computed=3, tokens=5, cached=1)


async def test_no_items_need_no_model(start: Start) -> None:
    model = Upper()
    assert await ask(start(model)) == Answered([])
    assert model.batches == []


async def test_later_requests_come_from_the_cache(start: Start) -> None:
    model = Upper()
    scheduler = start(model)
    await ask(scheduler, "a", "b")
    answer = await ask(scheduler, "b", "c")
    assert answer == Answered(["B", "C"], computed=1, tokens=1, cached=1)
    assert [sorted(batch) for batch in model.batches] == [["a", "b"], ["c"]]


async def test_the_cache_is_bounded_and_forgets_the_oldest(start: Start) -> None:
    model = Upper()
    size = ENTRY_BYTES + key_bytes("a") + 1
    scheduler = start(model, cache_bytes=3 * size - 1)
    for item in ("a", "b", "a", "c", "a", "b"):  # c drives out b, since a was used since
        await ask(scheduler, item)
    assert model.batches == [["a"], ["b"], ["c"], ["b"]]
    assert scheduler.cached_bytes == 2 * size


async def test_without_a_cache_everything_is_computed(start: Start) -> None:
    model = Upper()
    scheduler = start(model, cache_bytes=0)
    await ask(scheduler, "a")
    await ask(scheduler, "a")
    assert model.batches == [["a"], ["a"]]


# --- batches ---


async def test_requests_share_batches_and_items(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    await blocked(scheduler, model, Lane.TRAINING)
    first, second = ask(scheduler, "a", "shared"), ask(scheduler, "shared", "b")
    await until(lambda: scheduler.queued == 5)
    model.gate.set()
    answers = await asyncio.gather(first, second)
    assert [answer.results for answer in answers] == [["A", "SHARED"], ["SHARED", "B"]]
    assert sum(answer.computed for answer in answers) == 3
    assert sum(answer.cached for answer in answers) == 1
    assert len(model.batches) == 3
    assert sorted(model.batches[2]) == ["a", "b", "shared"]


async def test_an_item_that_runs_already_is_joined(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    plug = await blocked(scheduler, model)
    again = ask(scheduler, "plug")
    await asyncio.sleep(0.05)
    model.gate.set()
    assert (await plug)[0].results == (await again).results == ["PLUG"]
    assert model.batches == [["plug"]]


async def test_batches_keep_to_the_budget_and_are_sorted(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model, max_batch_tokens=12, max_batch_items=3)
    plug = await blocked(scheduler, model)
    items = ["x" * 30, "aaaa", "b", "cc", "dddd", "e", "ffff", "g"]
    task = ask(scheduler, *items)
    await until(lambda: scheduler.queued == 9)
    model.gate.set()
    assert (await task).results == [item.upper() for item in items]
    await plug
    assert model.batches[1:] == [["b", "e", "g"], ["cc", "aaaa", "dddd"], ["ffff"], ["x" * 30]]


# --- lanes ---


async def test_live_goes_before_training_before_evaluation(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    await blocked(scheduler, model)
    tasks = []
    for lane in (Lane.EVALUATION, Lane.TRAINING, Lane.LIVE):
        tasks.append(ask(scheduler, lane.value, lane=lane))
        await until(lambda: scheduler.queued == 1 + len(tasks))
    model.gate.set()
    await asyncio.gather(*tasks)
    assert model.batches[1:] == [["live"], ["training"], ["evaluation"]]


async def test_a_live_waiter_pulls_shared_work_forward(start: Start) -> None:
    model = Upper(closed_gate=True)
    scheduler = start(model)
    await blocked(scheduler, model)
    tasks = [ask(scheduler, "shared", lane=Lane.EVALUATION), ask(scheduler, "other", lane=Lane.TRAINING)]
    await until(lambda: scheduler.queued == 3)
    tasks.append(ask(scheduler, "shared", lane=Lane.LIVE))
    await asyncio.sleep(0.05)
    model.gate.set()
    await asyncio.gather(*tasks)
    assert model.batches[1:] == [["shared"], ["other"]]


async def test_nothing_starves(start: Start) -> None:
    """Live requests come without end, faster than they are served; evaluation work still gets its turn."""
    model = Upper(delay_s=0.01)
    handicap = {Lane.LIVE: 0.0, Lane.TRAINING: 0.2, Lane.EVALUATION: 0.5}
    scheduler = start(model, max_batch_items=1, cache_bytes=0, handicap_s=handicap)
    flood = [ask(scheduler, f"live {i}", lane=Lane.LIVE, deadline_s=None) for i in range(20)]
    patient = ask(scheduler, "patient", lane=Lane.EVALUATION, deadline_s=None)
    begin = time.monotonic()
    number = 20
    while not patient.done() and time.monotonic() - begin < PATIENCE_S:
        flood += [ask(scheduler, f"live {number + i}", lane=Lane.LIVE, deadline_s=None) for i in range(3)]
        number += 3
        await asyncio.sleep(0.01)
    assert patient.done()
    assert scheduler.queued > 10, "the flood must still have been on"
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_many_requests_all_get_their_own_results(start: Start) -> None:
    model = Upper()
    scheduler = start(model, max_batch_tokens=64, cache_bytes=5_000)
    wanted = [[f"{(i * 7 + j) % 50} {j}" for j in range(i % 9)] for i in range(200)]
    lanes = list(Lane)
    tasks = [ask(scheduler, *items, lane=lanes[i % 3]) for i, items in enumerate(wanted)]
    for task in tasks[::10]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    for i, (items, answer) in enumerate(zip(wanted, answers, strict=True)):
        if i % 10 == 0:
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert isinstance(answer, Answered)
            assert answer.results == [item.upper() for item in items]
    assert scheduler.queued == 0


def test_two_event_loops_share_one_scheduler(start: Start) -> None:
    model = Upper(delay_s=0.01)
    scheduler = start(model)
    results: dict[int, Sequence[str]] = {}

    async def one(number: int) -> None:
        results[number] = (await ask(scheduler, "shared", str(number))).results

    def in_a_loop_of_its_own(number: int) -> None:
        asyncio.run(one(number))

    threads = [threading.Thread(target=in_a_loop_of_its_own, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert results == {number: ["SHARED", str(number)] for number in range(4)}
