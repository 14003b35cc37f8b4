"""The arithmetic of batches: deduplicate, sort by length, cut by token budget.  Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def deduplicate(items: Sequence[Item]) -> tuple[list[Item], list[int]]:
    """The distinct items in the order of their first appearance, and for each item its index among them."""
    positions: dict[Item, int] = {}
    where = [positions.setdefault(item, len(positions)) for item in items]
    return list(positions), where


def by_length(costs: Sequence[int]) -> list[int]:
    """Indices from the shortest to the longest item; equal ones in their order."""
    return sorted(range(len(costs)), key=costs.__getitem__)


def fits(count: int, longest: int, *, max_tokens: int, max_items: int) -> bool:
    """Whether so many items, padded to the longest of them, make one batch.  A single item always does."""
    return count == 1 or (count <= max_items and count * longest <= max_tokens)


def cut(
    order: Sequence[int], costs: Sequence[int], *, max_tokens: int, max_items: int
) -> Iterator[list[int]]:
    """Cut a sequence of items into consecutive batches.

    Args:
        order: indices into `costs`, in the order in which they are to run.
        costs: tokens of each item.
        max_tokens: padded tokens of one batch: its longest item times its number of items.
        max_items: items of one batch, at least 1.

    Yields:
        Batches of indices within both limits.  An item that alone exceeds the token budget forms a batch by
        itself: nothing is ever left out.
    """
    if max_items < 1:
        raise ValueError(f"max_items must be at least 1, not {max_items}")
    batch: list[int] = []
    longest = 0
    for index in order:
        longest = max(longest, costs[index])
        if not fits(len(batch) + 1, longest, max_tokens=max_tokens, max_items=max_items):
            yield batch
            batch, longest = [], costs[index]
        batch.append(index)
    if batch:
        yield batch


def equal_lengths(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of items of one length each, within a token budget, from the shortest to the
    longest."""
    order = by_length(lengths)
    for length, group in groupby(order, key=lengths.__getitem__):
        yield from cut(list(group), lengths, max_tokens=max_tokens, max_items=max(1, max_tokens // length))
