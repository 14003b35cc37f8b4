"""What waits for a model: requests, the pieces of work that they wait for, and the batches made of these."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from reward_service.errors import TouchstoneError
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

URGENCY = (Lane.LIVE, Lane.TRAINING, Lane.EVALUATION)
"""The lanes, the most urgent one first."""
_RANK = {lane: rank for rank, lane in enumerate(URGENCY)}


def rank(lane: Lane) -> int:
    """0 for the most urgent lane."""
    return _RANK[lane]


@dataclass(eq=False)
class Request(Generic[Item, Result]):
    """One waiter: the items that it still misses, and the future that it awaits."""

    lane: Lane
    deadline: float | None
    """`time.monotonic()` after which it does not want them any more."""
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    missing: dict[Item, None]
    """An ordered set."""
    results: dict[Item, Result] = field(default_factory=dict)
    computed: int = 0
    """Items that entered the queue by this request."""
    tokens: int = 0
    """Tokens of those."""

    def got(self, item: Item, result: Result) -> None:
        """An item is there; with the last one the waiter is told."""
        self.results[item] = result
        self.missing.pop(item, None)
        if not self.missing:
            self.tell()

    def tell(self, error: TouchstoneError | None = None) -> None:
        """Wake the waiter, from whatever thread.  A waiter that is gone needs no answer."""
        with contextlib.suppress(RuntimeError):  # its event loop is closed
            self.loop.call_soon_threadsafe(_resolve, self.future, error)


@dataclass(eq=False)
class Work(Generic[Item, Result]):
    """One distinct item in the queue, with everybody who waits for it."""

    item: Item
    prepared: Any
    tokens: int
    lane: Lane
    """The most urgent one of its waiters."""
    due: float
    """Arrival plus the handicap of its lane."""
    waiters: list[Request[Item, Result]]
    taken: bool = False
    """It is in a batch that is collated, ready or running."""


@dataclass(eq=False)
class Batch(Generic[Item, Result]):
    """Work that runs together, on its way through the model's steps."""

    lane: Lane
    """The lane that it was cut from."""
    works: list[Work[Item, Result]]
    inputs: Any = None
    """What `collate` made of it."""
    ready: bool = False
    """It is collated."""
    outputs: Any = None
    """What `forward` made of it."""
    forward_s: float = 0.0
    slowest_s: float = 0.0
    """Seconds of its slowest step: the steps of several batches overlap, so this is what one more costs."""

    @property
    def urgency(self) -> Lane:
        """The most urgent lane of those who wait for it, which may have become more urgent than `lane`."""
        return min((work.lane for work in self.works), key=rank)

    @property
    def due(self) -> float:
        """When the first of its work is due."""
        return min(work.due for work in self.works)

    @property
    def tokens(self) -> int:
        """Tokens of its items, without padding."""
        return sum(work.tokens for work in self.works)

    @property
    def padded_tokens(self) -> int:
        """Tokens that a model computes which pads all items to the longest."""
        return len(self.works) * max(work.tokens for work in self.works)


def _resolve(future: asyncio.Future[None], error: TouchstoneError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
