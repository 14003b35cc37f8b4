"""How a text that is longer than a model's input is cut into windows.  Pure."""

from __future__ import annotations

from math import ceil


def even_windows(length: int, size: int) -> list[tuple[int, int]]:
    """Cut `length` tokens into the fewest consecutive windows of at most `size`, all about equally long.

    Returns:
        [start, end) of each; none for no tokens.
    """
    count = ceil(length / size)
    return [(i * length // count, (i + 1) * length // count) for i in range(count)]


def overlapping_windows(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Cover `length` tokens with windows of `size` that overlap their neighbours by at least `overlap`.

    What stands on a border is then whole in one of the windows.

    Returns:
        [start, end) of each; one window for what fits, even for no tokens.
    """
    if length <= size:
        return [(0, length)]
    count = ceil((length - overlap) / (size - overlap))
    starts = [i * (length - size) // (count - 1) for i in range(count)]
    return [(start, start + size) for start in starts]
