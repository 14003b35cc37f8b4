"""Both databases, for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from reward_service.records.database import Database
from tests.support.postgres import postgres as postgres


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kept checks 100%.db'}"
    return str(request.getfixturevalue("postgres").empty_database())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An empty one."""
    opened = Database(SecretStr(url))
    yield opened
    opened.close()
