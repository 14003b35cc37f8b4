"""How fast a model is, as measured on its recent batches, and what all of them came to."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

SHARE_TOKENS = 128
"""Tokens of a batch below which it is not cut smaller so that every call side by side has one."""
_MEMORY_BATCHES = 4.0
"""Full batches after which the past counts for 1/e in the moving average."""
FIRST_TOKENS = 512
"""Tokens of a batch before anything was measured: the first one must not take a minute on a slow machine."""


@dataclass(frozen=True, slots=True)
class SchedulerStats:
    """What a scheduler's model has computed since it was started; counters that only grow."""

    batches: int = 0
    """Batches that gave results; those that failed are not in any of these counters."""
    items: int = 0
    tokens: int = 0
    """Real tokens of the items."""
    padded_tokens: int = 0
    """Tokens if each item was padded to the longest one of its batch; at least `tokens`."""
    forward_s: float = 0.0
    """Seconds in the model's `forward`."""

    @property
    def mean_tokens(self) -> float:
        """Real tokens of the mean item; 0 before there is any."""
        return self.tokens / self.items if self.items else 0.0

    def plus(self, *, items: int, tokens: int, padded_tokens: int, forward_s: float) -> SchedulerStats:
        """With one batch more."""
        return SchedulerStats(
            self.batches + 1,
            self.items + items,
            self.tokens + tokens,
            self.padded_tokens + padded_tokens,
            self.forward_s + forward_s,
        )


class Speed:
    """Tokens per second of recent batches, and how many tokens a batch may have.

    The average is weighted by tokens: a live request's batch of twenty tokens, whose time is mostly the
    call's own, hardly moves it.  One thread writes; others may read.

    Args:
        max_tokens: tokens of a batch, however fast the model is.
        max_batch_s: seconds that a batch should take at most; None for no such target.
        min_tokens: tokens that a batch may have however slow the model is.
        calls: batches that run side by side.
    """

    def __init__(
        self, max_tokens: int, max_batch_s: float | None = None, min_tokens: int = 1, calls: int = 1
    ) -> None:
        self._max_tokens = max_tokens
        self._max_batch_s = max_batch_s
        self._min_tokens = min(min_tokens, max_tokens)
        self._calls = calls
        self._tokens_per_s: float | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """Of one call; None before anything was measured."""
        return self._tokens_per_s

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that the next batch may have, from `min_tokens` to `max_tokens`."""
        if self._max_batch_s is None:
            return self._max_tokens
        rate = self._tokens_per_s
        target = FIRST_TOKENS if rate is None else int(rate * self._max_batch_s)
        return max(self._min_tokens, min(self._max_tokens, target))

    def batch_tokens_of(self, waiting: int) -> int:
        """Padded tokens that the next batch may have where so many tokens wait.

        The last ones are shared out among the calls side by side, so that these end at about the same time
        and a live request that is alone gets all cores.
        """
        share = max(SHARE_TOKENS, -(-waiting // self._calls))
        return self.batch_tokens if self._calls == 1 else min(self.batch_tokens, share)

    def seconds(self, tokens: float) -> float:
        """What so many tokens take in all calls side by side; 0 before anything was measured."""
        return tokens / (self._tokens_per_s * self._calls) if self._tokens_per_s else 0.0

    def measured(self, tokens: int, seconds: float) -> None:
        """A batch took so long."""
        rate = max(tokens, 1) / max(seconds, 1e-6)
        if self._tokens_per_s is None:
            self._tokens_per_s = rate
        else:
            keep = exp(-max(tokens, 1) / (_MEMORY_BATCHES * self.batch_tokens))
            self._tokens_per_s = keep * self._tokens_per_s + (1 - keep) * rate
