"""The window of a lane: every piece once, little padding, and nothing passed over for long."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.batching import fits
from reward_service.models.lanes import WINDOW_BATCHES, LaneQueue
from reward_service.models.work import Work
from shared.schema import Lane

Piece = Work[int, str]

steps = st.lists(
    st.one_of(
        st.lists(st.integers(1, 120), min_size=1, max_size=30),  # arrivals
        st.sampled_from(["cut", "cut", "drop", "fail"]),
    ),
    max_size=60,
)


def pieces(lengths: list[int], first: int = 0) -> Iterator[Piece]:
    for number, tokens in enumerate(lengths, first):
        yield Work(number, None, tokens, Lane.TRAINING, float(number), [])


def anything(_: Piece) -> bool:
    return True


@given(steps, st.integers(1, 500), st.integers(1, 20), st.randoms(use_true_random=False))
def test_every_piece_that_waits_is_cut_once(
    plan: list[list[int] | str], max_tokens: int, max_items: int, choose: random.Random
) -> None:
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    everything: list[Piece] = []
    waiting: set[Piece] = set()
    done: list[Piece] = []
    batch: list[Piece] = []

    def cut() -> None:
        nonlocal batch
        batch = lane.cut(lambda work: work in waiting, max_tokens=max_tokens, max_items=max_items)
        assert bool(batch) == bool(waiting)
        assert waiting.issuperset(batch)
        assert not batch or fits(
            len(batch), max(work.tokens for work in batch), max_tokens=max_tokens, max_items=max_items
        )
        waiting.difference_update(batch)
        done.extend(batch)

    for step in plan:
        if isinstance(step, list):
            for work in pieces(step, len(everything)):
                everything.append(work)
                waiting.add(work)
                lane.add(work)
        elif step == "cut":
            cut()
        elif step == "drop" and waiting:
            gone = choose.choice(sorted(waiting, key=lambda work: work.item))
            waiting.remove(gone)
            everything.remove(gone)
            lane.leave(gone)
        elif step == "fail" and batch:
            del done[-len(batch) :]
            waiting.update(batch)
            lane.put_back(batch)
            batch = []
        assert (lane.items, lane.tokens) == (len(waiting), sum(work.tokens for work in waiting))
    while waiting:
        cut()
    cut()
    assert sorted(work.item for work in done) == sorted(work.item for work in everything)


def test_what_has_gone_to_another_lane_is_left_out() -> None:
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    first, second = pieces([5, 5])
    for work in (first, second):
        lane.add(work)
    lane.leave(first)
    first.lane = Lane.LIVE
    assert lane.cut(anything, max_tokens=100, max_items=10) == [second]


def test_a_failed_batch_runs_again_as_it_is_and_first() -> None:
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    for work in pieces([1, 2, 3, 4]):
        lane.add(work)
    batch = lane.cut(anything, max_tokens=100, max_items=2)
    lane.put_back(batch[1:])
    lane.put_back(batch[:1])
    cuts = [lane.cut(anything, max_tokens=100, max_items=4) for _ in range(3)]
    assert [[work.item for work in cut] for cut in cuts] == [[0], [1], [2, 3]]


def test_what_has_gone_from_a_failed_batch_to_another_lane_is_left_out() -> None:
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    gone, stays = pieces([5, 5])
    lane.put_back([gone, stays])
    lane.leave(gone)
    gone.lane = Lane.LIVE
    assert lane.cut(anything, max_tokens=100, max_items=10) == [stays]
    assert lane.items == lane.tokens == 0


@pytest.mark.parametrize("budget", [1024, 8192])
@pytest.mark.parametrize("seed", range(3))
def test_batches_pad_little(budget: int, seed: int) -> None:
    """Thousands of pairs of 15 to 120 tokens that arrive in pieces of 20 while batches are cut."""
    choose = random.Random(seed)
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    number = real = padded = 0
    while number < 6000 or lane.items:
        while number < 6000 and lane.tokens < 2 * WINDOW_BATCHES * budget:
            for work in pieces([choose.randint(15, 120) for _ in range(20)], number):
                lane.add(work)
            number += 20
        batch = lane.cut(anything, max_tokens=budget, max_items=256)
        real += sum(work.tokens for work in batch)
        padded += len(batch) * max(work.tokens for work in batch)
    assert padded < 1.08 * real


def test_nothing_is_passed_over_for_long() -> None:
    """One piece among arrivals that are all shorter, then all longer, in turn, so that each time it is what
    is left of the window."""
    lane: LaneQueue[int, str] = LaneQueue(Lane.TRAINING)
    (mine,) = pieces([50])
    lane.add(mine)
    budget = 200
    for length in [1, 100] * 2:
        for work in pieces([length] * (4 * budget // length)):
            lane.add(work)
        while lane.tokens >= budget:
            if mine in lane.cut(anything, max_tokens=budget, max_items=1000):
                return
    pytest.fail("passed over in four windows")
