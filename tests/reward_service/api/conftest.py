"""The tests of the routes are asynchronous and run on asyncio alone, as the server does."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
