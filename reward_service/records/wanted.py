"""Which checks are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.schema import Outcome, ReviewState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which checks `Records.find` lists; None: whatever."""

    verdicts: frozenset[Outcome] | None = None
    """One of these."""
    state: ReviewState | None = None
    policy: str | None = None
    code: str | None = None
    """A reason with this code is among them."""
    since: datetime | None = None
    """Kept at this moment or later; UTC where it has no time zone."""
    until: datetime | None = None
    """Kept before this moment; UTC where it has no time zone."""
    contains: str | None = None
    """Words that stand in the question or the answer, all of them, in whatever order and case; a part of a
    word does.  Finds nothing where only hashes are kept."""


def utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a time zone is in UTC already.

    Raises:
        OverflowError: in UTC it lies before the year 1 or after the year 9999.
    """
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
