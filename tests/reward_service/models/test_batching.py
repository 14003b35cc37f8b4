"""Batches: every item once, within the budget, and back in order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.batching import by_length, cut, deduplicate, equal_lengths

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


def test_batches_of_equal_lengths_hold_one_length_each_and_all_items() -> None:
    lengths = [16, 8, 16, 24, 8, 8, 40]
    found = list(equal_lengths(lengths, max_tokens=16))
    assert found == [[1, 4], [5], [0], [2], [3], [6]]
