"""What is asked of the database.  Every method waits for it; `Records` calls them in threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, Text, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import selectinload

from reward_service.errors import NotFound
from reward_service.records import cursor as cursors
from reward_service.records.columns import escaped
from reward_service.records.cursor import Cursor
from reward_service.records.database import Database
from reward_service.records.keeping import Hashing, to_review, to_row
from reward_service.records.models import Check, ReasonRow
from reward_service.records.wanted import Wanted
from shared.schema import CheckRequest, CheckResponse, Review, ReviewDecision, ReviewList, ReviewState

DELETED_AT_ONCE = 500
"""Checks that one transaction deletes, so that nobody who keeps one waits long."""


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Store:
    """Kept checks.  Every method raises `RecordsUnavailable` where the database is away.

    Args:
        database: with tables that are up to date.
        hashed: how texts are hashed; None keeps them as they are.
        clock: tells the time.
    """

    database: Database
    hashed: Hashing | None = None
    clock: Callable[[], datetime] = now

    def keep(self, asked: CheckRequest, answered: CheckResponse) -> str:
        """Keep a check; returns its id."""
        row = to_row(asked, answered, self.hashed, self.clock())
        identity = row.id
        with self.database.writing() as session:
            session.add(row)
        return identity

    def find(self, wanted: Wanted, limit: int, cursor: str | None) -> ReviewList:
        """A page of checks, the newest first.

        Raises:
            RequestError: the cursor is none.
        """
        under_filter = _filtered(wanted)
        page = under_filter.order_by(Check.created_at.desc(), Check.id.desc()).limit(limit + 1)
        if cursor is not None:
            after = cursors.read(cursor)
            page = page.where(tuple_(Check.created_at, Check.id) < (after.created_at, after.id))
        with self.database.reading() as session:
            total = session.scalar(select(func.count()).select_from(under_filter.subquery()))
            rows = session.scalars(page.options(selectinload(Check.reasons))).all()
            shown = [to_review(row) for row in rows[:limit]]
        following = Cursor(shown[-1].created_at, shown[-1].id).written() if len(rows) > limit else None
        return ReviewList(reviews=shown, total=total or 0, next=following)

    def get(self, identity: str) -> Review:
        """One check.

        Raises:
            NotFound: there is none under this id.
        """
        with self.database.reading() as session:
            return to_review(_existing(session.get(Check, _known_form(identity))))

    def decide(self, identity: str, decision: ReviewDecision) -> Review:
        """Note what a person decided; `get` says what is raised.

        The same decision again changes nothing, not even when it was made.
        """
        with self.database.writing() as session:
            row = _existing(session.get(Check, _known_form(identity), with_for_update=True))
            if (row.state, row.note) != (decision.state, decision.note):
                row.state, row.note = decision.state, decision.note
                row.decided_at = None if decision.state is ReviewState.OPEN else self.clock()
            return to_review(row)

    def delete_older_than(self, days: float) -> int:
        """Delete what was kept longer ago, a few checks at a time; returns how many went."""
        try:
            before = self.clock() - timedelta(days=days)
        except OverflowError:  # longer than there have been calendars
            return 0
        gone = 0
        while True:
            # Another server may be at it too: each takes what the other has not.
            some = select(Check.id).where(Check.created_at < before).limit(DELETED_AT_ONCE)
            with self.database.writing() as session:
                chosen = session.scalars(some.with_for_update(skip_locked=True)).all()
                session.execute(
                    delete(Check).where(Check.id.in_(chosen)),
                    execution_options={"synchronize_session": False},
                )
            gone += len(chosen)
            if len(chosen) < DELETED_AT_ONCE:
                break
        if gone and self.database.is_sqlite:
            self._empty_log()
        return gone

    def _empty_log(self) -> None:
        """Deleted texts would live on in SQLite's write-ahead log until it is written over."""
        with self.database.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _filtered(wanted: Wanted) -> Select[Check]:
    found = select(Check)
    if wanted.verdicts is not None:
        found = found.where(Check.verdict.in_(sorted(wanted.verdicts)))
    if wanted.state is not None:
        found = found.where(Check.state == wanted.state)
    if wanted.policy is not None:
        found = found.where(Check.policy == wanted.policy)
    if wanted.code is not None:
        with_code = and_(ReasonRow.check_id == Check.id, ReasonRow.code == wanted.code)
        found = found.where(exists().where(with_code))
    if wanted.since is not None:
        found = found.where(Check.created_at >= wanted.since)
    if wanted.until is not None:
        found = found.where(Check.created_at < wanted.until)
    for word in (wanted.contains or "").lower().split():
        texts = (func.lower(text, type_=Text()) for text in (Check.question, Check.answer))
        found = found.where(or_(*(each.contains(escaped(word), autoescape=True) for each in texts)))
    return found


def _known_form(identity: str) -> str:
    """An id as `keep` makes them; whatever else a path holds, PostgreSQL may not even take."""
    if len(identity) != 36 or not identity.isascii() or not identity.isprintable():
        raise _missing()
    return identity


def _existing(row: Check | None) -> Check:
    if row is None:
        raise _missing()
    return row


def _missing() -> NotFound:
    return NotFound("no kept check has this id; it may have passed its time")
