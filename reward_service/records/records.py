"""Keeps checks, finds them again, notes what people decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reward_service.settings import Settings
from shared.schema import (
    CheckRequest,
    CheckResponse,
    Outcome,
    Review,
    ReviewDecision,
    ReviewList,
    ReviewState,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which checks `Records.find` lists; None: whatever."""

    verdict: Outcome | None = None
    state: ReviewState | None = None
    policy: str | None = None
    code: str | None = None
    """A reason with this code is among them."""
    since: datetime | None = None
    until: datetime | None = None
    contains: str | None = None
    """Words in the question or the answer; finds nothing where only hashes are kept."""


class Records:
    """The kept checks of one server.  Every method but the constructor waits for the database in a thread.

    Args:
        settings: `database_url`, `record_texts`, `record_hash_key`, `record_days`.

    Raises:
        ConfigurationError: the URL names no database that is supported, or hashing lacks its key.
    """

    def __init__(self, settings: Settings) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Bring the tables up to date and begin to delete what is past its time.

        Raises:
            ConfigurationError: the database can't be reached or written; says by which setting.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of the database."""
        raise NotImplementedError

    async def keep(self, asked: CheckRequest, answered: CheckResponse) -> str:
        """Keep a check.

        Returns:
            Its id.

        Raises:
            RecordsUnavailable: the database is away.
        """
        raise NotImplementedError

    async def find(self, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> ReviewList:
        """The newest first.

        Raises:
            RequestError: the cursor is none.
            RecordsUnavailable: the database is away.
        """
        raise NotImplementedError

    async def get(self, identity: str) -> Review:
        """One check.

        Raises:
            NotFound: there is none under this id.
            RecordsUnavailable: the database is away.
        """
        raise NotImplementedError

    async def decide(self, identity: str, decision: ReviewDecision) -> Review:
        """Note what a person decided; errors as of `get`."""
        raise NotImplementedError

    async def delete_expired(self) -> int:
        """Delete what is older than `record_days`.

        Returns:
            How many checks went.
        """
        raise NotImplementedError
