"""The revisions lead to what the models say, there and back; several servers may start at once."""

from __future__ import annotations

import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import inspect

from reward_service.errors import ConfigurationError
from reward_service.records import schema
from reward_service.records.database import VARIABLE, Database
from reward_service.records.models import Base
from reward_service.records.store import Store
from reward_service.records.wanted import Wanted
from tests.reward_service.records.samples import answered, asked
from tests.support.postgres import Postgres

SERVERS = 3


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_the_revisions_lead_to_what_the_models_say(database: Database) -> None:
    assert schema.current(database) is None
    assert schema.upgrade(database) == schema.head() == schema.current(database)
    with database.engine.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_a_column_that_no_revision_makes_would_be_noticed(database: Database) -> None:
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE checks DROP COLUMN note")
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert len(compare_metadata(context, Base.metadata)) == 1


def test_upgrading_again_keeps_what_is_there(database: Database) -> None:
    schema.upgrade(database)
    identity = Store(database).keep(asked(), answered())
    schema.upgrade(database)
    assert Store(database).get(identity).id == identity


def test_there_and_back(database: Database) -> None:
    schema.upgrade(database)
    assert {"checks", "reasons"} <= tables(database)
    with database.engine.begin() as connection:
        command.downgrade(schema.config(connection), "base")
    assert tables(database) == {schema.VERSION_TABLE}
    assert schema.current(database) is None
    schema.upgrade(database)
    Store(database).keep(asked(), answered())


def test_a_database_that_is_newer_is_left_alone(database: Database) -> None:
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"newer than this program.*'9999'") as refused:
        schema.upgrade(database)
    assert refused.value.where == VARIABLE
    assert schema.current(database) == "9999"


def test_a_program_beside_it_keeps_its_own_revision(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
    schema.upgrade(database)
    with database.engine.begin() as connection:
        kept = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    assert kept == "theirs"


def _start(url: str, barrier: object) -> str:
    database = Database(SecretStr(url))
    barrier.wait(60)  # type: ignore[attr-defined]
    schema.upgrade(database)
    identity = Store(database).keep(asked(), answered())
    database.close()
    return identity


def test_servers_that_start_at_once(url: str, database: Database) -> None:
    """As processes of their own: SQLite's locks are between processes, PostgreSQL's between connections."""
    processes = multiprocessing.get_context("spawn")
    with processes.Manager() as manager, processes.Pool(SERVERS) as pool:
        barrier = manager.Barrier(SERVERS)
        kept = pool.starmap(_start, [(url, barrier)] * SERVERS, chunksize=1)
    assert {review.id for review in Store(database).find(Wanted(), 50, None).reviews} == set(kept)


def test_threads_that_start_at_once(url: str) -> None:
    def start(_: int) -> str:
        database = Database(SecretStr(url))
        try:
            return schema.upgrade(database)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(start, range(8))) == {schema.head()}


def test_a_database_that_holds_no_unicode_is_refused(postgres: Postgres) -> None:
    database = Database(SecretStr(postgres.empty_database("LATIN1")))
    with pytest.raises(ConfigurationError, match="encoding is LATIN1"):
        schema.upgrade(database)
    database.close()


def test_a_new_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    database = Database(SecretStr(f"sqlite:///{file}"))
    assert schema.current(database) is None
    assert not file.exists()
    schema.upgrade(database)
    Store(database).keep(asked(), answered())
    for part in tmp_path.iterdir():  # the write-ahead log as well
        assert stat.S_IMODE(part.stat().st_mode) == 0o600, part
    database.close()


@pytest.mark.parametrize("make", ["nothing", "no_database", "folder"])
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, make: str) -> None:
    file = tmp_path / "folder" / "kept.db"
    if make != "nothing":
        file.parent.mkdir()
    if make == "no_database":
        file.write_text("This is no database, but prose. " * 100, encoding="utf-8")
    if make == "folder":
        file.mkdir()
    database = Database(SecretStr(f"sqlite:///{file}"))
    with pytest.raises(ConfigurationError, match=rf"{VARIABLE}.*kept\.db") as refused:
        schema.upgrade(database)
    assert refused.value.where == VARIABLE
    database.close()
