"""`train`: train a policy; the rewards come from the reward server."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from trainer.commands import add_set
from trainer.policy import is_local
from trainer.quiet import quiet
from trainer.settings import ENVIRONMENT, load_settings

if TYPE_CHECKING:
    from trainer.commands import Commands

RESUMABLE = 3
"""The exit status of a run that stopped with a checkpoint."""


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("train", help="train a policy; rewards come from the reward server")
    command.set_defaults(run=run)
    command.add_argument(
        "--preset", default="cpu-demo", help="a file in trainer/presets, or a path (default: %(default)s)"
    )
    command.add_argument("--reward-url", help="the reward server (rewards.url)")
    command.add_argument("--output-dir", help="where the run writes (run.output_dir)")
    command.add_argument("--resume", action="store_true", help="continue from the last checkpoint there")
    add_set(command)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Train; where the run stops with a checkpoint, say how to go on."""
    overrides = list(parsed.set)
    if parsed.reward_url:
        overrides.append(f"rewards.url={parsed.reward_url}")
    if parsed.output_dir:
        overrides.append(f"run.output_dir={parsed.output_dir}")
    settings = load_settings(parsed.preset, overrides, os.environ)
    quiet(console, offline=is_local(settings.policy))

    from trainer.train import RunStopped, train

    try:
        summary = train(settings, resume=parsed.resume, console=console)
    except RunStopped as stopped:
        console.print(f"[bold yellow]{escape(str(stopped))}", soft_wrap=True, highlight=False)
        again = resume_command(parsed.preset, overrides)
        console.print(f"Continue with:\n  {again}", soft_wrap=True, highlight=False, markup=False)
        return RESUMABLE
    console.print(
        f"adapter: {summary['adapter']}\nsummary: {settings.run.output_dir / 'summary.json'}", highlight=False
    )
    return 0


def resume_command(preset: str, overrides: Sequence[str]) -> str:
    """The command that continues a run; what the environment set is spelt out, except the key."""
    laid = [f"{key}={os.environ[name]}" for name, key in ENVIRONMENT.items() if os.environ.get(name)]
    given = [override for override in laid if not override.startswith("rewards.api_key=")]
    sets = [word for override in [*given, *overrides] for word in ("--set", override)]
    return shlex.join(["python", "-m", "trainer", "train", "--preset", preset, *sets, "--resume"])
