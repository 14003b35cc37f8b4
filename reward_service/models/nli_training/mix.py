"""What a phase of training reads: sets of pairs, each as often as its weight says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Share(Generic[Item]):
    """The items of one set and how often each comes up in one round, on average: 0.5 is every second
    round."""

    name: str
    items: Sequence[Item]
    weight: float = 1.0


def rounds(shares: Sequence[Share[Item]], rng: random.Random) -> Iterator[list[Item]]:
    """Rounds without end, each a list of items in random order.

    A set of weight 2.5 is in every round twice, and a random half of it a third time. Of a set with a weight
    below 1, consecutive rounds draw different items until all have come up.
    """
    waiting: dict[str, list[Item]] = {share.name: [] for share in shares}
    while True:
        drawn: list[Item] = []
        for share in shares:
            drawn.extend(_draw(share, waiting[share.name], rng))
        rng.shuffle(drawn)
        yield drawn


def _draw(share: Share[Item], waiting: list[Item], rng: random.Random) -> list[Item]:
    """The next items of one set; ``waiting`` holds what its last pass has left, in random order."""
    wanted = round(share.weight * len(share.items))
    drawn: list[Item] = []
    while len(drawn) < wanted:
        if not waiting:
            waiting.extend(rng.sample(list(share.items), len(share.items)))
        taken = min(wanted - len(drawn), len(waiting))
        drawn.extend(waiting[-taken:])
        del waiting[-taken:]
    return drawn
