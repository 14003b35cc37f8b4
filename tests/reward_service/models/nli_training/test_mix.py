"""Rounds: each set as often as its weight says, and no item twice before all have come up."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

from reward_service.models.nli_training.mix import Share, rounds


def test_a_weight_says_how_often_a_set_comes_up() -> None:
    shares = [
        Share("a", list(range(100))),
        Share("b", list(range(100, 140)), 2.5),
        Share("c", [999] * 10, 0.5),
    ]
    (first,) = islice(rounds(shares, random.Random(1)), 1)
    counts = Counter("a" if item < 100 else "b" if item < 140 else "c" for item in first)
    assert counts == {"a": 100, "b": 100, "c": 5}
    assert set(Counter(item for item in first if 100 <= item < 140).values()) <= {2, 3}


def test_consecutive_rounds_draw_different_items_until_all_have_come_up() -> None:
    drawn = [
        item
        for part in islice(rounds([Share("a", list(range(90)), 1 / 3)], random.Random(2)), 3)
        for item in part
    ]
    assert sorted(drawn) == list(range(90))


def test_rounds_are_repeatable() -> None:
    shares = [Share("a", list(range(50)), 1.3)]
    one, two = (list(islice(rounds(shares, random.Random(3)), 4)) for _ in range(2))
    assert one == two
