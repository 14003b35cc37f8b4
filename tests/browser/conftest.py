"""A real Chromium on the page of a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browser.steps import Choose
from tests.browser.watching import Watched
from tests.support.fake_server import FakeServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 240.0
STOP_S = 30.0
KEY = "browser-test-key"
EXPECT_MS = 20_000
"""Other tests may keep the machine busy."""


@pytest.fixture(scope="session")
def real_server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `python -m reward_service serve` with the embedded models, which keeps its checks."""
    folder = tmp_path_factory.mktemp("browser")
    log = folder / "log.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REWARD_")} | {
        "REWARD_RECORD_CHECKS": "true",
        "REWARD_DATABASE_URL": f"sqlite:///{folder / 'checks.db'}",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "reward_service", "serve", "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield _ready(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"the server did not stop within {STOP_S} s:\n{log.read_text()}")


@pytest.fixture(scope="module")
def fake_server() -> Iterator[FakeServer]:
    """The same server with models that answer at once, for tests that are not about scores."""
    with FakeServer() as server:
        yield server


@pytest.fixture(scope="module")
def keyed_server() -> Iterator[FakeServer]:
    """The same, behind the key `KEY`."""
    with FakeServer(api_key=KEY) as server:
        yield server


# Not for the whole session: while Playwright runs, its event loop would be in the way of asynchronous tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; tests are skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    api.expect.set_options(timeout=EXPECT_MS)
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Opens pages in fresh profiles, and fails the test for whatever went wrong in one of them."""
    watching = Watched(browser)
    yield watching
    watching.close()


@pytest.fixture
def choose(page: Page, tmp_path: Path) -> Choose:
    """Choose a file with a name and a content, on the module's `page`."""

    def chosen(name: str, content: str) -> None:
        file = tmp_path / name
        file.write_bytes(content.encode())
        page.set_input_files("#file-input", file)

    return chosen


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server prints, once it is ready."""
    end = time.monotonic() + START_S
    address = None
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended with status {process.returncode}:\n{log.read_text()}")
        words = (word for word in log.read_text().split() if word.startswith("http://127.0.0.1:"))
        address = address or next((word.rstrip(".;") for word in words), None)
        if (
            address
            and httpx.get(f"{address}/health/ready", trust_env=False, timeout=30).status_code
            == httpx.codes.OK
        ):
            return address
        time.sleep(0.1)
    pytest.fail(f"the server was not ready within {START_S} s:\n{log.read_text()}")
