"""`data validate`: check a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from trainer.dataset.load import load_any

if TYPE_CHECKING:
    from trainer.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "validate", help="check a data set; names file, line and field of what is wrong"
    )
    command.set_defaults(run=run)
    command.add_argument("file", type=Path)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Say how many records are good; what is wrong is an error."""
    schema, records = load_any(parsed.file)
    console.print(f"{parsed.file}: {len(records)} good records of the {schema} schema", soft_wrap=True)
    return 0
