"""`data …`: the training data's tools, a module each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.commands import add_all

if TYPE_CHECKING:
    from trainer.commands import Commands

FOLDER = Path("training_data")


def add(commands: Commands) -> None:
    """Declare the group."""
    group = commands.add_parser("data", help="training data")
    add_all(group.add_subparsers(required=True, metavar="command"), __name__, __path__)
