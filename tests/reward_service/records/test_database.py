"""Which URLs are taken, and what is said where the database can't be reached: never the password."""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from reward_service.errors import ConfigurationError, RecordsUnavailable
from reward_service.records import schema
from reward_service.records.database import VARIABLE, Database
from reward_service.records.store import Store
from reward_service.records.wanted import Wanted
from tests.reward_service.records.samples import answered, asked
from tests.support.postgres import PASSWORD, Postgres

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        f"mysql://keeper:{SECRET}@127.0.0.1/checks",
        f"postgresql+asyncpg://keeper:{SECRET}@127.0.0.1/checks",
        f"postgresql://keeper:{SECRET}@127.0.0.1:{SECRET}/checks",
        "sqlite+aiosqlite:///checks.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:checks.db?uri=true",
        "sqlite:///checks.db?mode=ro",
        "sqlite://checks.db",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=VARIABLE) as refused:
        Database(SecretStr(url))
    assert "sqlite:///FILE" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_the_usual_ways_to_write_postgresql(scheme: str) -> None:
    database = Database(SecretStr(f"{scheme}://keeper:{SECRET}@host/checks?sslpassword={SECRET}"))
    assert database.name == "postgresql+psycopg://keeper:***@host/checks"


def test_a_server_that_refuses_is_named_without_its_password(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    good = postgres.empty_database()
    for url in (
        good.replace("keeper:", "nobody:"),
        good.replace("/checks", "/missing"),
        good.replace(f":{postgres.port}/", ":1/"),
    ):
        database = Database(SecretStr(url))
        with caplog.at_level(logging.DEBUG), pytest.raises(ConfigurationError) as refused:
            schema.upgrade(database)
        database.close()
        said = str(refused.value) + caplog.text + repr(refused.value.__context__)
        assert "can't be reached" in said
        assert "127.0.0.1" in said
        assert PASSWORD not in said
        assert url not in said


def test_a_password_within_a_message_is_hidden() -> None:
    database = Database(SecretStr(f"postgresql://keeper:{SECRET}@host/checks"))
    error = OperationalError("SELECT secret", {}, psycopg.OperationalError(f"bad {SECRET}\n\tand more"))
    assert database.why(error) == "bad *** and more"


def test_errors_quote_no_text(database: Database) -> None:
    """The tables are missing, so the statement with its texts fails."""
    with pytest.raises(RecordsUnavailable) as refused:
        Store(database).keep(asked("SECRET QUESTION"), answered(answer="SECRET ANSWER"))
    assert refused.value.__cause__ is not None
    for said in (str(refused.value), database.why(refused.value.__cause__), str(refused.value.__cause__)):
        assert "SECRET" not in said
    with pytest.raises(RecordsUnavailable):
        Store(database).find(Wanted(), 10, None)


def test_a_file_that_another_program_locks_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    database = Database(SecretStr(f"sqlite:///{file}"))
    schema.upgrade(database)
    store = Store(database)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.find(Wanted(), 10, None).total == 0  # reading goes on
    began = time.monotonic()
    with pytest.raises(RecordsUnavailable) as refused:
        store.keep(asked(), answered())
    assert 3 < time.monotonic() - began < 15
    assert refused.value.__cause__ is not None
    assert database.why(refused.value.__cause__) == "database is locked"
    other.execute("ROLLBACK")
    other.close()
    store.keep(asked(), answered())
    database.close()
