"""Whose turn it is among the batches that are ready to run."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from reward_service.models.work import Batch, rank
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
