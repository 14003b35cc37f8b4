"""The two programs of a pod: what is run, by which interpreter, with which environment."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainer.pod.program import Program
from trainer.settings import SettingsError

HOST = "127.0.0.1"
SERVER_GRACE_S = 20.0
"""The server lets running requests finish for 10 s."""


def server_program(
    python: str, *, port: int, models: str | None, environ: Mapping[str, str], log: Path
) -> Program:
    """Touchstone's server on loopback, set by `REWARD_…` variables.

    Args:
        python: an interpreter that has the server's packages.
        port: on loopback.
        models: the pack; None leaves it to the environment.
        environ: of the server.
        log: gets its output.

    Raises:
        SettingsError: there is no such interpreter.
    """
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **environ, "PYTHONUNBUFFERED": "1"}
    if models is not None:
        environment["REWARD_MODELS"] = models
    command = (found(python, "--server-python"), "-m", "reward_service", "serve")
    return Program(
        "server", (*command, "--host", HOST, "--port", str(port)), environment, log, SERVER_GRACE_S
    )


def trainer_program(
    python: str,
    *,
    preset: str,
    url: str,
    overrides: Sequence[str],
    resume: bool,
    environ: Mapping[str, str],
    log: Path,
    grace_s: float,
) -> Program:
    """`python -m trainer train` against that server.

    Args:
        python: an interpreter that has the trainer's packages.
        preset: as `train` takes it.
        url: the server.
        overrides: `key=value` for `--set`.
        resume: continue from the last checkpoint.
        environ: of the trainer.
        log: gets its output.
        grace_s: how long it may take to write its checkpoint when it is told to end.

    Raises:
        SettingsError: there is no such interpreter.
    """
    sets = [word for override in overrides for word in ("--set", override)]
    command = (found(python, "--trainer-python"), "-m", "trainer", "train", "--preset", preset)
    # Without COLUMNS its tables would be squeezed into 80 columns, since a file is no terminal.
    environment = {"COLUMNS": "120", **environ, "PYTHONUNBUFFERED": "1"}
    more = ("--reward-url", url, *sets, *(["--resume"] if resume else []))
    return Program("trainer", (*command, *more), environment, log, grace_s)


def found(python: str, option: str) -> str:
    """The absolute path of an interpreter.  A link is not followed: it is how an environment is known.

    Raises:
        SettingsError: names the option.
    """
    path = shutil.which(python)
    if path is None:
        raise SettingsError(f"{option} {python}: no such program; requirements/pod.sh makes the environments")
    return os.path.abspath(path)  # noqa: PTH100


def require_free(port: int) -> None:
    """Look whether the server will be able to listen.

    Raises:
        SettingsError: it will not; says what to do.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SettingsError(
            f"--port {port}: in use on {HOST}; another pod or server may be running. PORT=… chooses another"
        ) from None
