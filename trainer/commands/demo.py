"""`demo`: the main job on this machine, a reward server of its own included."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from shared.client_errors import RewardClientError
from trainer.commands import add_set
from trainer.commands.train import RESUMABLE, resume_command
from trainer.local_server import ServerDied, free_port, reward_server
from trainer.quiet import quiet
from trainer.runfolder import RunFolder
from trainer.settings import load_settings
from trainer.stopping import StopSignals

if TYPE_CHECKING:
    from trainer.commands import Commands

PRESET = "cpu-demo"


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "demo", help="the main job here: a reward server of its own, and a short run"
    )
    command.set_defaults(run=run)
    command.add_argument("--output-dir", type=Path, default=Path("runs/demo"), help="(default: %(default)s)")
    add_set(command)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Start the server, train a few steps, print the rewards, stop the server.

    An earlier demo in the folder is removed.  The server's output goes to `server.log` there.
    """
    quiet(console, offline=True)

    from trainer.train import RunStopped, train

    began = time.monotonic()
    port, output_dir = free_port(), parsed.output_dir
    overrides = [*parsed.set, f"run.output_dir={output_dir}"]
    settings = load_settings(PRESET, [*overrides, f"rewards.url=http://127.0.0.1:{port}"])
    with StopSignals():
        RunFolder(output_dir).clear()
        console.print(
            f"starting a reward server on port {port} (log: {output_dir / 'server.log'})", highlight=False
        )
        with reward_server(port, output_dir / "server.log", os.environ) as server:
            try:
                summary = train(settings, resume=False, console=console, still_coming=server.check)
            except RunStopped as stopped:
                console.print(f"[bold yellow]{escape(str(stopped))}", soft_wrap=True, highlight=False)
                if isinstance(stopped.__cause__, RewardClientError):
                    console.print(server.tail(), markup=False, highlight=False)
                console.print(
                    f"Continue with a server (`make serve`) and:\n  {resume_command(PRESET, overrides)}",
                    soft_wrap=True, highlight=False, markup=False,
                )  # fmt: skip
                return RESUMABLE
            except (ServerDied, RewardClientError) as error:
                console.print(
                    f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True, highlight=False
                )
                if not isinstance(error, ServerDied):
                    console.print(server.tail(), markup=False, highlight=False)
                return 1
    console.print(
        f"{summary['steps']} steps with rewards from {summary['requests']} requests, "
        f"{time.monotonic() - began:.0f} s\n"
        f"adapter: {summary['adapter']}\nsummary: {output_dir / 'summary.json'}",
        highlight=False,
    )
    return 0
