"""The command line's commands, a module each: `add` declares it, `run` carries it out.

A module of this package, or of a package below it, is a command as soon as it is there.  What a command
does stands elsewhere; here are its options, and what it prints.  Heavy libraries are imported within `run`,
so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_all(commands: Commands, package: str, path: Iterable[str]) -> None:
    """Declare every command of a package, in the order of the modules' names.

    Args:
        commands: what `ArgumentParser.add_subparsers` gave.
        package: its dotted name.
        path: its `__path__`.
    """
    for module in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        importlib.import_module(f"{package}.{module.name}").add(commands)


def add_set(command: argparse.ArgumentParser) -> None:
    """Declare `--set key=value`, which may be repeated."""
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, such as run.steps=10; may be repeated",
    )
