"""How far the samples of a batch are: the functions that are scored, and the pairs that are asked for next.

With evidence every function is scored from all of its pairs.  Where scores alone are wanted, the functions
that decide them are scored one after the other, and what can't matter any more is never asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reward_service.catalogue import Catalogue
from reward_service.needs import missing, next_pairs, pairs
from reward_service.rewards.base import Reads, Reward
from reward_service.types import AnnotatedSample, Pair, Score, Verdicts
from shared.schema import Lane


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of every sample of a batch, by when, and who waits."""

    rewards: tuple[str, ...]
    functions: tuple[Reward, ...]
    """Those that the rewards may need."""
    lane: Lane
    deadline: float
    """As `time.monotonic()` tells it."""
    evidence: bool
    """All parts and what led to them; else the scores of `rewards` alone."""

    @property
    def reads(self) -> frozenset[Reads]:
        """What the functions read, together."""
        return frozenset[Reads]().union(*(function.reads for function in self.functions))


@dataclass(slots=True)
class Open:
    """A sample with what is known of it."""

    sample: AnnotatedSample
    known: dict[str, Score] = field(default_factory=dict)
    """Function → score."""


def score_all(samples: Sequence[Open], wish: Wish, verdicts: Verdicts) -> list[Pair]:
    """Score every function, once all pairs are judged.

    Returns:
        The pairs that are not judged yet; none when all is scored.
    """
    asked = pairs([one.sample for one in samples], wish.functions)
    if wanted := [pair for pair in asked if verdicts.get(pair) is None]:
        return wanted
    for one in samples:
        one.known = {function.name: _scored(function, one.sample, verdicts) for function in wish.functions}
    return []


def score_what_decides(
    catalogue: Catalogue, samples: Sequence[Open], wish: Wish, verdicts: Verdicts
) -> list[Pair]:
    """Score the functions that decide the wanted rewards, as far as the verdicts reach.

    Returns:
        The pairs that have to be judged before it can go on; none when all wanted rewards are decided.
    """
    functions = {function.name: function for function in wish.functions}
    wanted: dict[Pair, None] = {}
    for one in samples:
        waiting: set[str] = set()
        while ready := catalogue.undecided(wish.rewards, one.known) - waiting:
            for function in (functions[name] for name in sorted(ready)):
                if asked := next_pairs(function, one.sample, verdicts):
                    wanted.update(dict.fromkeys(asked))
                    waiting.add(function.name)
                else:
                    one.known[function.name] = _scored(function, one.sample, verdicts)
    return list(wanted)


def _scored(function: Reward, sample: AnnotatedSample, verdicts: Verdicts) -> Score:
    """The score of a function, or that the sample lacks what it compares with."""
    if reason := missing(sample.sample, function):
        return Score.unscorable(reason)
    return function.score(sample, verdicts)
