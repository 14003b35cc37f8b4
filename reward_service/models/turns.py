"""Whose turn it is among the batches that are ready to run."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Generic, TypeVar

from reward_service.models.lanes import LaneQueue
from reward_service.models.work import URGENCY, Batch, rank
from shared.schema import Lane

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")

LANE_HANDICAP_S = {Lane.LIVE: 0.0, Lane.TRAINING: 15.0, Lane.EVALUATION: 60.0}
"""How much longer work of a lane must have waited than that of a more urgent one, so that it counts as
older: it is due at its arrival plus this."""


class Turns(Generic[Item, Result]):
    """Live goes before training before evaluation, but of two batches one is the oldest that there is.

    So nothing starves, and yet a live request never waits for a whole backlog that has grown old: one old
    batch runs before it at most.
    """

    def __init__(self) -> None:
        self._passed_over = False
        """The last turn passed over the oldest batch."""

    def pick(self, batches: Collection[Batch[Item, Result]]) -> Batch[Item, Result]:
        """The one to run next.

        Raises:
            ValueError: there is none.
        """
        oldest = min(batches, key=lambda batch: batch.due)
        urgent = min(batches, key=lambda batch: (rank(batch.urgency), batch.due))
        chosen = oldest if self._passed_over else urgent
        self._passed_over = chosen is not oldest
        return chosen


def tokens_before(
    lane: Lane,
    due: float,
    taken: int,
    ahead: Mapping[Lane, Batch[Item, Result]],
    lanes: Mapping[Lane, LaneQueue[Item, Result]],
) -> int:
    """Tokens that go before work of a lane that arrives now.

    These are the batches that run, what waits in this lane and in more urgent ones, and of the others what
    has grown older than the new work: at most as much again, since it gets every second turn.

    Args:
        lane, due: of the new work.
        taken: tokens in batches, those that run and those that are cut ahead.
        ahead: the batches that are cut ahead.
        lanes: what waits.
    """
    before, old = taken, 0
    for batch in ahead.values():
        if rank(batch.urgency) > rank(lane):
            before -= batch.tokens
            old += batch.tokens if batch.due <= due else 0
    for other in URGENCY:
        if rank(other) <= rank(lane):
            before += lanes[other].tokens
        elif (first := lanes[other].due) is not None and first <= due:
            old += lanes[other].tokens
    return before + min(before, old)
