"""The real reward server with fake models, as a process of its own that a test can kill and start again.

    with FakeServer() as server:        # ready when the block begins
        server.kill()                   # SIGKILL: no farewell to anybody
        server.start()                  # the same port, the same scores

It is everything that `python -m reward_service serve` is (application, engine, rewards, recipes), but its
models answer in microseconds and load nothing.  The process ends with its parent, however that ends.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.client import RewardClient, RewardUnavailable
from tests.support.stand_in import free_port

ROOT = Path(__file__).parents[2]
START_S = 120.0


class FakeServer:
    """A server process on loopback; as a context manager it is started and always ended.

    Args:
        port: 0 takes a free one, and keeps it over restarts.
        delay_s: seconds that each call of the NLI model takes.
        api_key: the bearer token that the server wants; None lets everybody in.
    """

    def __init__(self, port: int = 0, *, delay_s: float = 0.0, api_key: str | None = None) -> None:
        self.port = port or free_port()
        self._delay_s = delay_s
        self._api_key = api_key
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # a test may kill from one thread and start from another

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        process = self._process
        return process is not None and process.poll() is None

    def start(self, *, wait: bool = True) -> None:
        """Start the process and, unless told otherwise, wait until it is ready.

        Raises:
            RuntimeError: it runs already, or ended while it started; its own words are in the test's output.
        """
        command = [sys.executable, "-m", "tests.support.fake_server", str(self.port), str(self._delay_s)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REWARD_")}
        if self._api_key is not None:
            environment["REWARD_API_KEYS"] = self._api_key
        with self._lock:
            if self.running:
                raise RuntimeError(f"a server already runs at {self.url}")
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Return when the server can score.

        Raises:
            RuntimeError: the process has ended.
        """

        def alive(*_: object) -> None:
            if not self.running:
                raise RuntimeError(f"the server at {self.url} ended instead of becoming ready")

        with RewardClient(self.url, on_wait=alive) as client:
            try:
                client.wait_ready(START_S)
            except RewardUnavailable as error:
                self.kill()
                raise RuntimeError(f"the server at {self.url} did not become ready") from error
        alive()

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone.  Nothing happens where none runs."""
        with self._lock:
            if self._process is None:
                return
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends or a signal comes."""
    # here, so that tests which only start the process don't load the server
    import uvicorn

    from reward_service.app import create_app
    from reward_service.catalogue import build_catalogue
    from reward_service.engine import Engine
    from reward_service.lexicons import load_lexicon
    from reward_service.models.fakes import FakeNli, fake_pack
    from reward_service.settings import Settings

    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("delay_s", type=float, default=0.0)
    options = parser.parse_args(arguments)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    settings = Settings(host="127.0.0.1", port=options.port)
    catalogue = build_catalogue(load_lexicon(settings.lexicon))
    engine = Engine(lambda: fake_pack(nli=FakeNli(delay_s=options.delay_s)), catalogue)
    uvicorn.run(create_app(settings, engine), host=settings.host, port=settings.port, log_level="warning")


def _end_with_parent() -> None:
    """The parent holds the other end of standard input; when it is gone, so are we."""
    while os.read(0, 1024):  # not sys.stdin, whose lock would trouble an ordinary end
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
