"""The connection to SQLite or PostgreSQL: the URL, the time limits, and errors in this project's words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import Session

from reward_service.errors import ConfigurationError, RecordsUnavailable

VARIABLE = "REWARD_DATABASE_URL"
SUPPORTED = "it must be sqlite:///FILE (four slashes for an absolute path) or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    POSTGRESQL: POSTGRESQL,
    "postgresql": POSTGRESQL,
    "postgres": POSTGRESQL,  # as hosting platforms write it
}
CONNECT_S = 5
"""Seconds that connecting may take."""
LOCK_S = 5
"""Seconds that a statement may wait for others."""
STATEMENT_S = 10
"""Seconds that a statement may take."""
CONNECTIONS = 4
"""To the database, at most: as many as there are threads that ask it."""

FAILURES = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""What a database raises: the drivers' own errors come bare where a new connection is prepared."""
FILE_MODE = 0o600
"""Of a new SQLite file: it holds what people asked a chatbot."""


class Database:
    """A database that is reached when it is first asked for something.

    Args:
        url: of it.

    Raises:
        ConfigurationError: the URL names no database that is supported.
    """

    def __init__(self, url: SecretStr) -> None:
        self._url = _parse(url)
        self.is_sqlite = self._url.drivername == "sqlite"
        self.engine = _sqlite(self._url) if self.is_sqlite else _postgresql(self._url)
        self._writing = threading.Lock()
        self._closed = False

        @event.listens_for(self.engine, "checkin")
        def come_back(connection: Any, _: Any) -> None:
            # From a thread that hung when all was closed, to a pool that nobody has any more.
            if self._closed and connection is not None:
                connection.close()

    @property
    def name(self) -> str:
        """The URL without password and options."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The file, if it is SQLite's."""
        return Path(self._url.database or "") if self.is_sqlite else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that writes nothing.

        Raises:
            RecordsUnavailable: the database is away; the cause says why.
        """
        with self._said(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block; errors as of `reading`."""
        # SQLite has one writer at a time, and makes others sleep longer than they need; so they queue here.
        queued = self.is_sqlite and self._writing.acquire(timeout=LOCK_S)
        if self.is_sqlite and not queued:
            raise RecordsUnavailable(f"the database of kept checks was busy for {LOCK_S} s")
        try:
            engine = self.engine.execution_options(immediate=True)
            with self._said(), Session(engine, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            if queued:
                self._writing.release()

    def create_file(self) -> None:
        """Create SQLite's file where there is none, so that only its owner can read it.

        Raises:
            ConfigurationError: the folder is missing or can't be written to.
        """
        if self.file is None or self.file.exists():
            return
        try:
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, FILE_MODE))
        except OSError as error:
            raise ConfigurationError(
                f"{VARIABLE}: the file {self.file} can't be created: {error.strerror}; "
                "it needs a folder that exists and can be written to",
                where=VARIABLE,
            ) from None

    def why(self, error: BaseException) -> str:
        """What went wrong, in a line without password, SQL and texts."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        if not isinstance(cause, (sqlite3.Error, psycopg.OperationalError, TimeoutError)):
            return type(cause).__name__  # its message may quote rows
        said = " ".join(str(cause).split())[:500]
        return said.replace(self._url.password, "***") if self._url.password else said

    def close(self) -> None:
        """Let go of all connections; one that is in use is closed when it comes back."""
        self._closed = True
        self.engine.dispose()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            # The caller is told nothing about hosts and users; who logs it asks `why` of the cause.
            raise RecordsUnavailable("the database of kept checks is away, or refuses") from error


def _parse(secret: SecretStr) -> URL:
    try:
        url = make_url(secret.get_secret_value())
    except (ArgumentError, ValueError):
        raise ConfigurationError(f"{VARIABLE} is no URL: {SUPPORTED}", where=VARIABLE) from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise ConfigurationError(
            f"{VARIABLE} names no database that is supported: {SUPPORTED}", where=VARIABLE
        )
    if driver == "sqlite":
        file = url.database or ":memory:"
        if file.startswith((":memory:", "file:")) or url.query or url.host:
            raise ConfigurationError(
                f"{VARIABLE} must name a file and nothing else: {SUPPORTED}", where=VARIABLE
            )
    return url.set(drivername=driver)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=LOCK_S,
        connect_args={"timeout": LOCK_S},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # or else the driver begins and ends transactions as it likes
        connection.create_function("lower", 1, _lower, deterministic=True)
        with _closed_on_failure(connection):
            for pragma in (
                "foreign_keys=ON",
                "synchronous=NORMAL",  # with a write-ahead log this can't break the file
                "secure_delete=ON",  # what is deleted is gone from the file as well
            ):
                connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: a lock that is taken later can't be waited for.
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_S,
        # A network that swallows everything is noticed, whether something was sent or waited for.
        "tcp_user_timeout": STATEMENT_S * 1000,
        "keepalives_idle": STATEMENT_S,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "application_name": "touchstone",
        "client_encoding": "utf8",
    }
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=LOCK_S,
        pool_pre_ping=True,
        connect_args={name: value for name, value in arguments.items() if name not in url.query},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # Not as options of the connection, which poolers in between refuse.
        with _closed_on_failure(connection):
            connection.execute(f"SET statement_timeout = '{STATEMENT_S}s'")
            connection.execute(f"SET lock_timeout = '{LOCK_S}s'")
            connection.commit()

    return engine


@contextmanager
def _closed_on_failure(connection: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()  # nobody else knows of it yet
        raise


def _lower(text: str | None) -> str | None:
    """SQLite's own knows no letters but ASCII's."""
    return None if text is None else text.lower()
