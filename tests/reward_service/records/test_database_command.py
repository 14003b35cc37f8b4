"""`database upgrade|current|purge`."""

from __future__ import annotations

import argparse
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from reward_service.commands import database as command
from reward_service.errors import ConfigurationError
from reward_service.records import schema
from reward_service.records.database import Database
from reward_service.records.store import Store
from reward_service.records.wanted import Wanted
from reward_service.settings import Settings
from tests.reward_service.records.samples import Clock, answered, asked
from tests.support.postgres import PASSWORD


def run(action: str, url: str) -> tuple[int, str]:
    """The exit status and what was said, from the command line on."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    written = io.StringIO()
    status = command.run(
        command.job(parser.parse_args([action])),
        Settings(database_url=SecretStr(url), record_days=7),
        Console(file=written),
    )
    said = " ".join(written.getvalue().split())
    assert PASSWORD not in said
    return status, said


def test_from_nothing_to_a_purged_database(url: str, database: Database) -> None:
    status, said = run("current", url)
    assert (status, "revision none" in said) == (command.BEHIND, True)
    assert "database upgrade" in said
    assert "nothing is kept there yet" in run("purge", url)[1]
    assert schema.current(database) is None
    head = schema.head()
    status, said = run("upgrade", url)
    assert status == 0
    assert f"revision {head}, was none" in said
    assert "was so already" in run("upgrade", url)[1]
    status, said = run("current", url)
    assert (status, f"revision {head}, up to date" in said) == (0, True)
    Store(database, clock=Clock(datetime(2020, 1, 1, tzinfo=UTC))).keep(asked(), answered())
    young = Store(database).keep(asked(), answered())
    status, said = run("purge", url)
    assert (status, "1 checks older than 7 days deleted" in said) == (0, True)
    assert [review.id for review in Store(database).find(Wanted(), 5, None).reviews] == [young]


def test_looking_creates_no_file(tmp_path: Path) -> None:
    for action in ("current", "purge"):
        run(action, f"sqlite:///{tmp_path / 'kept.db'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("action", ["upgrade", "current", "purge"])
def test_a_newer_database_is_left_alone(url: str, database: Database, action: str) -> None:
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer than this program"):
        run(action, url)
