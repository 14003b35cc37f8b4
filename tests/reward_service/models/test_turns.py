"""Whose turn it is: by lane, but what has grown old gets every second one."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.turns import Turns
from reward_service.models.work import Batch, Work
from shared.schema import Lane


def batch(lane: Lane, due: float) -> Batch[str, str]:
    return Batch(lane, [Work("item", None, 1, lane, due, [])])


def order(batches: Sequence[Batch[str, str]]) -> list[Batch[str, str]]:
    turns: Turns[str, str] = Turns()
    left = list(batches)
    taken = []
    while left:
        taken.append(turns.pick(left))
        left.remove(taken[-1])
    return taken


def test_lanes_in_their_order_while_nothing_is_old() -> None:
    batches = [batch(Lane.EVALUATION, 60.0), batch(Lane.TRAINING, 15.0), batch(Lane.LIVE, 0.0)]
    assert order(batches) == batches[::-1]


def test_what_is_old_gets_every_second_turn() -> None:
    live = [batch(Lane.LIVE, 100.0 + i) for i in range(3)]
    old = [batch(Lane.TRAINING, 10.0 + i) for i in range(3)]
    assert order([*old, *live]) == [live[0], old[0], live[1], old[1], live[2], old[2]]


def test_a_live_batch_after_an_old_one_goes_at_once() -> None:
    turns: Turns[str, str] = Turns()
    old = [batch(Lane.TRAINING, 10.0 + i) for i in range(2)]
    assert turns.pick(old) is old[0]
    live = batch(Lane.LIVE, 100.0)
    assert turns.pick([old[1], live]) is live


def test_a_more_urgent_waiter_lifts_the_whole_batch() -> None:
    shared, other = batch(Lane.EVALUATION, 60.0), batch(Lane.TRAINING, 15.0)
    shared.works.append(Work("shared", None, 1, Lane.LIVE, 30.0, []))
    assert order([other, shared]) == [shared, other]


@given(st.lists(st.tuples(st.sampled_from(list(Lane)), st.floats(0, 100)), max_size=12))
def test_of_two_turns_one_is_the_oldest_or_all_go_by_lane(plan: list[tuple[Lane, float]]) -> None:
    batches = [batch(lane, due) for lane, due in plan]
    taken = order(batches)
    assert sorted(map(id, taken)) == sorted(map(id, batches))
    for turn in range(1, len(taken)):
        oldest = [min(one.due for one in taken[first:]) for first in (turn - 1, turn)]
        assert taken[turn - 1].due == oldest[0] or taken[turn].due == oldest[1]
