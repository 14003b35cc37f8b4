"""The command line.  A module of `reward_service.commands` that has a `NAME` is a command.

Such a module declares its arguments (`add_arguments(parser)`), makes a job of what was parsed (`job(parsed)`)
and does it (`run(job, settings, console)`, which gives the exit status).  Heavy libraries are imported within
`run`, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from reward_service import __version__, commands
from reward_service.errors import TouchstoneError
from reward_service.settings import Settings, load_settings
from shared.client_errors import RewardClientError
from shared.integrity import IntegrityError


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as its module gives it."""

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    job: Callable[[argparse.Namespace], Any]
    run: Callable[[Any, Settings, Console], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; the process's own where they are None.

    Returns:
        The exit status: 0, 1 after an error that has been said, 130 after an interrupt.
    """
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    # What a person reads goes to stderr, so that stdout carries nothing but results.
    console = Console(stderr=True)
    try:
        settings = load_settings()
        _log(settings.log_level, console)
        return command.run(command.job(parsed), settings, console)
    except (TouchstoneError, RewardClientError, IntegrityError, OSError) as error:
        console.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


def all_commands() -> list[Command]:
    """Every command that there is, by its name."""
    package = commands.__name__
    modules = (
        importlib.import_module(f"{package}.{module.name}")
        for module in pkgutil.iter_modules(commands.__path__)
    )
    found = [
        Command(module.NAME, module.HELP, module.add_arguments, module.job, module.run)
        for module in modules
        if hasattr(module, "NAME")
    ]
    return sorted(found, key=lambda command: command.name)


def _log(level: str, console: Console) -> None:
    if console.is_terminal:
        handler: logging.Handler = RichHandler(console=console, show_path=False)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:  # a log file has no width to wrap lines at
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for chatty in ("alembic", "httpcore", "httpx", "uvicorn"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reward_service",
        description="The reward server.  Settings come from REWARD_… variables; see docs/settings.md.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    choices = parser.add_subparsers(required=True, metavar="command")
    for command in all_commands():
        chosen = choices.add_parser(command.name, help=command.help)
        command.add_arguments(chosen)
        chosen.set_defaults(command=command)
    return parser
