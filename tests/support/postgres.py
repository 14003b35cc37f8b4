"""A PostgreSQL server for tests, on loopback, in a folder of its own that goes at the end.

    with Postgres() as postgres:
        url = postgres.empty_database()

PostgreSQL refuses to run as root; there it runs as the user `postgres`, whom Debian's package creates.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg
import pytest

from tests.support.stand_in import free_port

USER = "keeper"
PASSWORD = "p@ss/w:rd %20 wörd"
"""With everything that has a meaning in URLs."""
START_S = 60.0
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """A server that can be stopped, started again and frozen.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self.port = free_port()
        self._databases: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    def __enter__(self) -> Self:
        # Not pytest's folder, which the user postgres can't enter.
        self._folder = Path(tempfile.mkdtemp(prefix="touchstone-postgres-"))
        secret = self._folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._as_user:
            for path in (self._folder, secret):
                shutil.chown(path, "postgres", "postgres")
        try:
            made = subprocess.run(
                [
                    self._programs / "initdb", "--pgdata", self._data, "--username", USER, "--pwfile", secret,
                    "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
                ],
                cwd=self._folder, capture_output=True, text=True, check=False, **self._as_user,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(signal.SIGQUIT)  # nothing is to be saved
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start the server, on the same port each time, and wait until it answers."""
        options = [part for option in FAST for part in ("-c", option)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres", "-D", self._data, "-k", self._folder,
                    "-h", "127.0.0.1", "-p", str(self.port), *options,
                ],
                cwd=self._folder, stdout=log, stderr=log, **self._as_user,
            )  # fmt: skip
        end = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self._folder / "log").read_text(encoding="utf-8")) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, connections and all.  Nothing happens where it does not run."""
        self._end(signal.SIGINT)  # what PostgreSQL calls a fast shutdown

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(by)
        try:
            self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Stop everything that answers, without closing a connection: like a machine that hangs."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def empty_database(self, encoding: str = "UTF8") -> str:
        """A database without a table; what it held is dropped.  Returns its URL."""
        name = f"checks_{encoding.lower()}"
        if name not in self._databases:
            locale = "C.UTF-8" if encoding == "UTF8" else "C"
            with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
                connection.execute(
                    f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE '{locale}'"
                )
            self._databases.add(name)
        with psycopg.connect(self._conninfo(name), autocommit=True) as connection:
            # Emptied, not made anew, which would write some thousand files for each test.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return f"postgresql+psycopg://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{name}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _conninfo(self, database: str) -> str:
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, connect_timeout=5
        )

    def _pids(self) -> list[int]:
        assert self._process is not None
        leader = self._process.pid
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text(encoding="ascii")
        return [leader, *map(int, children.split())]


def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        FileNotFoundError: there is none.
    """
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    # Debian keeps them out of PATH, by version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not folders:
        raise FileNotFoundError("PostgreSQL is not installed (no initdb)")
    return folders[-1]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run; each test that wants its database finds it empty."""
    try:
        server = Postgres()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with server:
        yield server


if __name__ == "__main__":  # to try things by hand
    with Postgres() as server:
        print(server.empty_database(), f"(as {getpass.getuser()}; Ctrl-C ends it)", flush=True)
        signal.pause()
