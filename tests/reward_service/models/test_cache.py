"""The cache: bounded by bytes whatever happens, and the least recently used goes first."""

from __future__ import annotations

import tracemalloc
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.models.cache import ENTRY_BYTES, ByteCache, key_bytes
from reward_service.types import Pair

uses = st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 900))), max_size=80)
"""(key, None) looks up, (key, bytes) puts."""


@given(uses, st.integers(0, 3000))
def test_it_does_what_a_slow_one_does(steps: list[tuple[str, int | None]], max_bytes: int) -> None:
    """Against a list of all puts and uses: what is kept is the longest row of the last used that fits."""
    cache: ByteCache[str, int] = ByteCache(max_bytes)
    slow: OrderedDict[str, int] = OrderedDict()
    for key, size in steps:
        if size is None:
            assert (key in cache) == (key in slow)
            if key in slow:
                assert cache[key] == slow[key]
                slow.move_to_end(key)
            continue
        cache.put(key, size, size)
        slow.pop(key, None)
        if _entry(key, size) <= max_bytes:
            slow[key] = size
        while sum(_entry(*kept) for kept in slow.items()) > max_bytes:
            slow.popitem(last=False)
        assert cache.bytes == sum(_entry(*kept) for kept in slow.items()) <= max_bytes
        assert len(cache) == len(slow)


def test_a_value_that_is_larger_than_the_cache_drives_nothing_out() -> None:
    cache: ByteCache[str, str] = ByteCache(1000)
    cache.put("a", "kept", 100)
    cache.put("b", "too large", 1000)
    assert "b" not in cache
    assert cache["a"] == "kept"
    cache.put("a", "now too large", 1000)
    assert "a" not in cache, "an old value must not stand for a new one"
    assert cache.bytes == 0


def test_nothing_is_kept_in_no_bytes_and_fewer_are_refused() -> None:
    cache: ByteCache[str, str] = ByteCache(0)
    cache.put("a", "b", 0)
    assert "a" not in cache
    with pytest.raises(ValueError, match="-1 bytes"):
        ByteCache(-1)


def test_a_pair_weighs_what_its_texts_weigh() -> None:
    pair = Pair("p" * 1000, "h" * 500)
    assert 1500 < key_bytes(pair) < 1800
    assert key_bytes(Pair("国" * 1000, "")) > 2000, "two bytes for each of these characters"


def test_the_sizes_are_about_what_memory_says() -> None:
    tracemalloc.start()
    cache: ByteCache[Pair, tuple[float, ...]] = ByteCache(2**30)
    before = tracemalloc.get_traced_memory()[0]
    for number in range(5000):
        value = (number / 7, number / 11, number / 13)
        cache.put(Pair(f"{number} premise " * 5, f"{number} hypothesis " * 3), value, 64 + 3 * 24)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 * taken < cache.bytes < 1.25 * taken


def _entry(key: str, size: int) -> int:
    return size + key_bytes(key) + ENTRY_BYTES
