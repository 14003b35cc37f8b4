"""`pod`: the reward server and the trainer side by side, on a machine without a container engine."""

from __future__ import annotations

import argparse
import functools
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from trainer.commands import add_set
from trainer.commands.train import RESUMABLE
from trainer.runfolder import RunFolder, RunFolderError
from trainer.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from trainer.commands import Commands

TAIL_LINES = 20
CONTINUE = "Continue with:"


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "pod", help="server and trainer side by side, supervised: for a rented GPU without containers"
    )
    command.set_defaults(run=run)
    command.add_argument(
        "--preset", default="a40", help="a file in trainer/presets, or a path (default: %(default)s)"
    )
    command.add_argument("--output-dir", help="where the run writes (run.output_dir)")
    command.add_argument("--resume", action="store_true", help="continue from the last checkpoint there")
    command.add_argument(
        "--port", type=_port, default=8080, help="of the server, on loopback (default: %(default)s)"
    )
    command.add_argument(
        "--models", choices=("embedded", "full"), help="the server's models (default: REWARD_MODELS)"
    )
    command.add_argument(
        "--server-python", default=sys.executable, metavar="PYTHON", help="(default: this interpreter)"
    )
    command.add_argument(
        "--trainer-python", default=sys.executable, metavar="PYTHON", help="(default: this interpreter)"
    )
    command.add_argument(
        "--grace",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="for the trainer's last checkpoint when it is told to end (default: %(default)s)",
    )
    add_set(command)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Supervise both until the trainer has ended; returns its exit status."""
    from trainer.pod.board import Board
    from trainer.pod.programs import HOST, require_free, server_program, trainer_program
    from trainer.pod.resuming import Resuming
    from trainer.pod.server import Restarts, ServerKeeper, is_ready
    from trainer.pod.supervisor import supervise

    overrides = _overrides(parsed)
    url = f"http://{HOST}:{parsed.port}"
    settings = load_settings(parsed.preset, [*overrides, f"rewards.url={url}"], os.environ)
    folder = RunFolder(settings.run.output_dir)
    server = server_program(
        parsed.server_python,
        port=parsed.port,
        models=parsed.models,
        environ=os.environ,
        log=folder.path / "server.log",
    )
    trainer = trainer_program(
        parsed.trainer_python,
        preset=parsed.preset,
        url=url,
        overrides=overrides,
        resume=parsed.resume,
        environ=os.environ,
        log=folder.path / "trainer.log",
        grace_s=parsed.grace,
    )
    require_free(parsed.port)
    if parsed.resume and folder.last_checkpoint() is None:
        raise RunFolderError(f"{folder.path} holds no whole checkpoint; start without --resume (RESUME=1)")
    with Board(console) as board:
        if not parsed.resume:
            # The trainer would do so too, but with its log open, which would go along.
            folder.make_ready(resume=False, report=board.say)
        pid = _write_pid(folder.path)
        board.say(f"logs: {server.log} and {trainer.log}; process {os.getpid()} is in {pid}")
        keeper = ServerKeeper(server, functools.partial(is_ready, url), Restarts(), board.say)
        try:
            status = supervise(keeper, trainer, resumes=Resuming(folder), board=board)
        finally:
            pid.unlink(missing_ok=True)
    lines = trainer.tail(TAIL_LINES)
    if CONTINUE in lines:  # how to go on without a pod; we say below how with one
        lines = lines[: lines.index(CONTINUE)]
    console.print(f"the end of {trainer.log}:", highlight=False)
    for line in lines if status not in (0, RESUMABLE) else lines[-2:]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if status == RESUMABLE:
        again = resume_command(parsed, overrides)
        console.print(f"{CONTINUE}\n  {again}", soft_wrap=True, highlight=False, markup=False)
    return status


def resume_command(parsed: argparse.Namespace, overrides: Sequence[str]) -> str:
    """The command that continues the run on a pod; a key is left out."""
    words = ["--preset", parsed.preset, "--port", str(parsed.port)]
    for option in ("models", "server_python", "trainer_python"):
        value = getattr(parsed, option)
        if value is not None and value != sys.executable:
            words += [f"--{option.replace('_', '-')}", value]
    shown = [override for override in overrides if not override.startswith("rewards.api_key=")]
    sets = [word for override in shown for word in ("--set", override)]
    return shlex.join([sys.executable, "-m", "trainer", "pod", *words, *sets, "--resume"])


def _overrides(parsed: argparse.Namespace) -> list[str]:
    for override in parsed.set:
        if override.partition("=")[0] == "rewards.url":
            raise SettingsError(f"--set {override}: a pod runs its own server; --port says where it listens")
    given = [f"run.output_dir={parsed.output_dir}"] if parsed.output_dir else []
    return [*parsed.set, *given]


def _write_pid(folder: Path) -> Path:
    path = folder / "pod.pid"
    path.write_text(f"{os.getpid()}\n", encoding="utf-8")
    return path


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port (1 to 65535)")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds
