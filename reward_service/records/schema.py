"""Brings the tables up to date, by the revisions in `migrations/versions/`."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from reward_service.errors import ConfigurationError
from reward_service.records.database import FAILURES, LOCK_S, VARIABLE, Database

if TYPE_CHECKING:
    from alembic.config import Config

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "touchstone_revision"
"""A name of its own, because a database may be shared with a program that has Alembic's usual one."""
LOCK = 0x746F7563
"""The advisory lock of PostgreSQL under which one server at a time changes the tables."""
WAIT_S = 60
"""Seconds that a server waits for another one that changes the tables."""
CHANGE_S = 600
"""Seconds that a change may take."""


def upgrade(database: Database) -> str:
    """Bring the tables to the newest revision; several servers may do so at once.

    Returns:
        That revision.

    Raises:
        ConfigurationError: the database can't be reached or written, or is newer than this program.
    """
    from alembic import command

    database.create_file()
    with _said(database), _locked(database) as connection:
        before, newest = _revision(connection), head()
        require_known(before)
        if before != newest:
            command.upgrade(config(connection), newest)
            logger.info(
                "the database of kept checks is at revision %s now, was at %s", newest, before or "none"
            )
    return newest


def current(database: Database) -> str | None:
    """The revision that the tables have; None where there are none yet.

    Raises:
        ConfigurationError: the database can't be reached.
    """
    if database.file is not None and not database.file.exists():
        return None  # connecting would create it
    with _said(database), database.engine.connect() as connection:
        return _revision(connection)


def require_known(revision: str | None) -> None:
    """Raise if a revision is none of this program's.

    Raises:
        ConfigurationError: says what to do.
    """
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise ConfigurationError(
            f"{VARIABLE}: the database is newer than this program, which does not know its revision "
            f"{revision!r}; run the version that wrote it or a later one, or name another database",
            where=VARIABLE,
        )


def head() -> str:
    """The newest revision."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, which needs no file.

    Args:
        connection: in a transaction, which the caller commits.
    """
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


@contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    """A transaction in which nobody else changes the tables."""
    if database.is_sqlite:
        _write_ahead(database)
    with database.engine.execution_options(immediate=True).begin() as connection:
        if not database.is_sqlite:
            _require_unicode(connection)
            connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{CHANGE_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection


def _write_ahead(database: Database) -> None:
    """With a write-ahead log, readers and a writer don't wait for each other.  The file remembers it.

    SQLite doesn't wait when another process is about to do the same, so it is tried again.
    """
    end = time.monotonic() + LOCK_S
    while True:
        try:
            # The raw connection: the mode can't be changed in a transaction.
            connection = database.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL").close()
            finally:
                connection.close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


def _require_unicode(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise ConfigurationError(
            f"{VARIABLE}: the database's encoding is {encoding}, which can't hold every text; "
            "create one with ENCODING 'UTF8'",
            where=VARIABLE,
        )


@contextmanager
def _said(database: Database) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        # From None: SQLAlchemy's own message would show statements.
        raise ConfigurationError(
            f"{VARIABLE}: the database {database.name} can't be reached or written: {database.why(error)}",
            where=VARIABLE,
        ) from None
