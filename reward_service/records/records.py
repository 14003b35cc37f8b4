"""Keeps checks, finds them again, notes what people decide."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from reward_service.errors import RecordsUnavailable
from reward_service.records.threads import Threads
from reward_service.records.wanted import Wanted
from reward_service.settings import Settings
from shared.schema import CheckRequest, CheckResponse, Review, ReviewDecision, ReviewList

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

KEEP_S = 2.0
"""Seconds that keeping a check may take: a person waits for its verdict."""
ASK_S = 15.0
"""Seconds that anything else may take."""
SLOW_S = 0.45
"""Seconds from which on a failure to keep a check counts as a database that does not answer."""
REST_S = 5.0
"""Seconds for which nothing is kept after the database did not answer in time: not every check shall wait."""
PURGE_S = 3600.0
"""Seconds between two deletions of what is past its time."""
CLOSE_S = 5.0
"""Seconds that work in progress is waited for at the end."""


class Records:
    """The kept checks of one server.  Every method but the constructor waits for the database in a thread.

    Args:
        settings: `database_url`, `record_texts`, `record_hash_key`, `record_days`.
        purge_s: seconds between two deletions of what is past its time.

    Raises:
        ConfigurationError: the URL names no database that is supported, or hashing lacks its key.
    """

    def __init__(self, settings: Settings, *, purge_s: float = PURGE_S) -> None:
        # Here, because most of what imports this module keeps no checks.
        from reward_service.records.database import CONNECTIONS, Database
        from reward_service.records.keeping import hashing
        from reward_service.records.store import Store

        self._store = Store(Database(settings.database_url), hashing(settings))
        self._days = settings.record_days
        self._purge_s = purge_s
        self._threads = Threads(CONNECTIONS, "records")
        self._purging: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    async def start(self) -> None:
        """Bring the tables up to date and begin to delete what is past its time.

        Raises:
            ConfigurationError: the database can't be reached or written; says by which setting.
        """
        from reward_service.records import schema

        database = self._store.database
        await asyncio.wrap_future(self._threads.submit(lambda: schema.upgrade(database)))
        logger.info("live checks are kept in %s for %g days", database.name, self._days)
        self._purging = asyncio.create_task(self._purge())

    async def close(self) -> None:
        """Let go of the database."""
        if self._purging is not None:
            self._purging.cancel()
            with suppress(asyncio.CancelledError):
                await self._purging
        await asyncio.to_thread(self._threads.close, CLOSE_S)
        self._store.database.close()

    async def keep(self, asked: CheckRequest, answered: CheckResponse) -> str:
        """Keep a check.

        Returns:
            Its id.

        Raises:
            RecordsUnavailable: the database is away, or did not answer within two seconds; then the check may
                be kept all the same.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            raise RecordsUnavailable("the database of kept checks did not answer a moment ago")
        began = loop.time()
        try:
            return await self._ask(KEEP_S, lambda: self._store.keep(asked, answered))
        except (RecordsUnavailable, asyncio.CancelledError):  # a caller may have had less time
            if loop.time() - began >= SLOW_S:
                if loop.time() > self._rests_until:
                    logger.warning("the database of kept checks is slow; none is kept for %g s", REST_S)
                self._rests_until = loop.time() + REST_S
            raise

    async def find(self, wanted: Wanted, *, limit: int = 50, cursor: str | None = None) -> ReviewList:
        """The newest first.

        Raises:
            RequestError: the cursor is none.
            RecordsUnavailable: the database is away.
        """
        return await self._ask(ASK_S, lambda: self._store.find(wanted, limit, cursor))

    async def get(self, identity: str) -> Review:
        """One check.

        Raises:
            NotFound: there is none under this id.
            RecordsUnavailable: the database is away.
        """
        return await self._ask(ASK_S, lambda: self._store.get(identity))

    async def decide(self, identity: str, decision: ReviewDecision) -> Review:
        """Note what a person decided; errors as of `get`."""
        return await self._ask(ASK_S, lambda: self._store.decide(identity, decision))

    async def delete_expired(self) -> int:
        """Delete what is older than `record_days`.

        Returns:
            How many checks went.

        Raises:
            RecordsUnavailable: the database is away.
        """
        return await self._ask(None, lambda: self._store.delete_older_than(self._days))

    async def _ask(self, limit_s: float | None, question: Callable[[], Result]) -> Result:
        """Ask the database in a thread; at the time limit the thread is left to itself."""
        if self._purging is None:
            raise RecordsUnavailable("the database of kept checks is not open")
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(self._threads.submit(question))
        except TimeoutError:
            raise RecordsUnavailable("the database of kept checks does not answer") from None
        except RecordsUnavailable as error:
            if error.__cause__ is not None:
                logger.warning("%s: %s", error.message, self._store.database.why(error.__cause__))
            raise

    async def _purge(self) -> None:
        while True:
            try:
                gone = await self.delete_expired()
                if gone:
                    logger.info("deleted %d checks that were kept for %g days", gone, self._days)
            except RecordsUnavailable:
                pass  # said already
            except Exception:
                logger.exception("deleting checks that are past their time failed")
            await asyncio.sleep(self._purge_s)
