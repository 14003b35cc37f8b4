"""Batches: every item once, within the budget, and back in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.batching import by_length, cut, deduplicate, few_calls

costs_lists = st.lists(st.integers(min_value=0, max_value=400), max_size=60)


@given(st.lists(st.text(max_size=3), max_size=60))
def test_deduplicate_keeps_first_seen_order_and_finds_its_way_back(items: list[str]) -> None:
    unique, where = deduplicate(items)
    assert len(unique) == len(set(items))
    assert [unique[index] for index in where] == items
    assert unique == sorted(unique, key=items.index)


@given(costs_lists, st.integers(1, 1000), st.integers(1, 20))
def test_every_item_runs_once_and_within_the_limits(
    costs: list[int], max_tokens: int, max_items: int
) -> None:
    order = by_length(costs)
    batches = list(cut(order, costs, max_tokens=max_tokens, max_items=max_items))
    assert [index for batch in batches for index in batch] == order
    for batch in batches:
        assert 1 <= len(batch) <= max_items
        padded = max(costs[index] for index in batch) * len(batch)
        assert padded <= max_tokens or len(batch) == 1


@given(costs_lists, st.integers(1, 1000), st.integers(1, 20))
def test_no_batch_could_have_taken_the_next_item(costs: list[int], max_tokens: int, max_items: int) -> None:
    batches = list(cut(by_length(costs), costs, max_tokens=max_tokens, max_items=max_items))
    for batch, following in itertools.pairwise(batches):
        larger = [*batch, following[0]]
        assert len(larger) > max_items or max(costs[i] for i in larger) * len(larger) > max_tokens


@given(costs_lists)
def test_the_order_is_by_length(costs: list[int]) -> None:
    assert [costs[index] for index in by_length(costs)] == sorted(costs)


def test_an_item_over_the_budget_runs_alone() -> None:
    assert list(cut([0, 1, 2], [10, 5000, 10], max_tokens=100, max_items=8)) == [[0], [1], [2]]


def test_batches_of_no_items_are_refused() -> None:
    with pytest.raises(ValueError, match="max_items"):
        list(cut([0], [1], max_tokens=10, max_items=0))


def test_where_a_call_costs_nothing_each_holds_one_length() -> None:
    lengths = [16, 8, 16, 24, 8, 8, 40]
    assert list(few_calls(lengths, 16, call_tokens=0)) == [[1, 4], [5], [0], [2], [3], [6]]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([20, 21, 22, 23], [[0, 1, 2, 3]]),
        ([20, 52], [[0, 1]]),  # 32 tokens of padding cost what a call costs
        ([20, 53], [[0], [1]]),
        ([20, 20, 37], [[0, 1], [2]]),  # two are padded
        ([9, 60, 61, 10], [[0, 3], [1, 2]]),
        ([50, 51, 200], [[0, 1], [2]]),  # longer than a call may be
    ],
)
def test_near_lengths_share_a_call(lengths: list[int], expected: list[list[int]]) -> None:
    assert list(few_calls(lengths, 150, call_tokens=32)) == expected


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 40), st.integers(1, 200))
def test_each_item_is_in_one_call_within_the_budget(
    lengths: list[int], call_tokens: int, max_tokens: int
) -> None:
    calls = list(few_calls(lengths, max_tokens, call_tokens))
    assert [index for call in calls for index in call] == by_length(lengths)
    for call in calls:
        assert len(call) == 1 or len(call) * max(lengths[index] for index in call) <= max_tokens


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(0, 40))
def test_no_other_calls_take_less_time(lengths: list[int], call_tokens: int) -> None:
    def cost(calls: Iterable[list[int]]) -> int:
        return sum(call_tokens + len(call) * max(lengths[index] for index in call) for call in calls)

    order = by_length(lengths)
    others = []
    for cuts in itertools.product([False, True], repeat=len(order) - 1):
        borders = [0, *(place for place, here in enumerate(cuts, start=1) if here), len(order)]
        others.append([order[start:end] for start, end in itertools.pairwise(borders)])
    assert cost(few_calls(lengths, 10_000, call_tokens)) == min(map(cost, others))
