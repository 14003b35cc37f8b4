"""Windows cover everything."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.windows import even_windows, overlapping_windows

lengths = st.integers(0, 5_000)
sizes = st.integers(4, 300)


@given(lengths, sizes)
def test_even_windows_follow_one_another(length: int, size: int) -> None:
    windows = even_windows(length, size)
    assert [index for start, end in windows for index in range(start, end)] == list(range(length))
    spans = [end - start for start, end in windows]
    assert all(0 < span <= size for span in spans)
    assert max(spans, default=0) - min(spans, default=0) <= 1
    assert len(windows) == -(-length // size)


@given(lengths, sizes)
def test_overlapping_windows_cover_and_overlap(length: int, size: int) -> None:
    overlap = size // 4
    windows = overlapping_windows(length, size, overlap)
    assert windows[0][0] == 0
    assert windows[-1][1] == length
    assert all(end - start <= size for start, end in windows)
    for (_, end), (start, _) in itertools.pairwise(windows):
        assert end - start >= overlap
