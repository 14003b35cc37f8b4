"""How many pairs a second an NLI model judges."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass

from reward_service.models.judging import judge
from reward_service.models.nli import WindowedNli
from reward_service.types import Pair

_WORDS = (
    *("the", "state", "is", "an", "organ", "of", "one", "class", "and", "wages", "fall", "when", "prices"),
    *("rise", "in", "a", "crisis", "trade", "labour", "money", "war", "party", "land", "factory"),
)


@dataclass(frozen=True)
class Pace:
    """Pairs a second of several runs over the same pairs."""

    tokens: int
    pairs: int
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


def pace(nli: WindowedNli, *, tokens: int = 40, pairs: int = 512, runs: int = 5) -> Pace:
    """Judge ``pairs`` distinct pairs of ``tokens`` tokens each, special ones included, ``runs`` times.

    Tokenisation and post-processing count; a first run, which compiles kernels, does not.
    """
    made = [_pair(number, tokens) for number in range(pairs)]
    costs = {nli.cost(prepared) for prepared in nli.prepare(made)}
    if costs != {tokens}:
        raise ValueError(f"the pairs have {sorted(costs)} tokens, not {tokens}: another tokenizer")
    found = []
    for run in range(runs + 1):
        started = time.perf_counter()
        judge(nli, made)
        if run:
            found.append(round(pairs / (time.perf_counter() - started), 1))
    return Pace(tokens, pairs, tuple(found))


def _pair(number: int, tokens: int) -> Pair:
    """The pair with this number, of words that are one token each; three further tokens are special ones."""
    chosen = random.Random(number).choices(_WORDS, k=tokens - 3)
    half = len(chosen) // 2
    return Pair(" ".join(chosen[:half]), " ".join(chosen[half:]))
