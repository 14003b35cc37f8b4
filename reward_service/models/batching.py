"""The arithmetic of batches: deduplicate, sort by length, cut by token budget.  Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, pairwise
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


def few_calls(lengths: Sequence[int], max_tokens: int, call_tokens: int) -> Iterator[list[int]]:
    """Indices in the calls that take the least time together, from the shortest items to the longest.

    A call takes as long as its padded tokens and `call_tokens` more: items of nearby lengths share one where
    that costs less than another call.

    Args:
        lengths: tokens of each item.
        max_tokens: padded tokens of one call; a single longer item runs alone.
        call_tokens: what a call costs besides.  With 0 only items of one length share a call.
    """
    groups = [list(group) for _, group in groupby(by_length(lengths), key=lengths.__getitem__)]
    least, begin = [0], [0]  # of the first groups, so many: what they cost, and where their last call begins
    for end, last in enumerate(groups, start=1):
        length, count = lengths[last[0]], 0
        costs = []
        for start in reversed(range(end)):
            count += len(groups[start])
            calls = -(-count // _size(length, max_tokens))
            costs.append((least[start] + count * length + calls * call_tokens, start))
        cost, start = min(costs)
        least.append(cost)
        begin.append(start)
    borders = [len(groups)]
    while borders[-1]:
        borders.append(begin[borders[-1]])
    for end, start in reversed(list(pairwise(borders))):
        items = [index for group in groups[start:end] for index in group]
        size = _size(lengths[items[-1]], max_tokens)
        yield from (items[first : first + size] for first in range(0, len(items), size))


def _size(length: int, max_tokens: int) -> int:
    """Items of one length in a call."""
    return max(1, max_tokens // max(1, length))
