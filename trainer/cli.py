"""`python -m trainer`: reads the command line and turns what went wrong into a message and an exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from shared.client_errors import RewardClientError
from shared.integrity import IntegrityError
from trainer import commands
from trainer.dataset.load import DatasetError
from trainer.export.errors import ExportError
from trainer.policy import PolicyUnavailable
from trainer.runfolder import RunFolderError
from trainer.settings import SettingsError
from trainer.stopping import Stopped

SAID = (
    DatasetError,
    ExportError,
    IntegrityError,
    OSError,
    PolicyUnavailable,
    RewardClientError,
    RunFolderError,
    SettingsError,
)
"""What a person can mend: the message is enough."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; the process's own where they are None.

    Returns:
        0; 1 after an error that has been said; 3 where a run stopped with a checkpoint; 128 + n after
        signal n before there was anything to save.
    """
    parser = argparse.ArgumentParser(prog="python -m trainer", description="The GRPO trainer.")
    commands.add_all(
        parser.add_subparsers(required=True, metavar="command"), commands.__name__, commands.__path__
    )
    parsed = parser.parse_args(arguments)
    console = Console()
    try:
        status: int = parsed.run(parsed, console)
        return status
    except SAID as error:
        console.print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True, highlight=False)
        return 1
    except Stopped as error:
        console.print(f"{error}; nothing was begun that needs saving", soft_wrap=True)
        return 128 + error.number
