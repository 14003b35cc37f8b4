"""`data build`: curated pairs → the formats that training reads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from trainer.commands.data import FOLDER
from trainer.dataset.transform import build

if TYPE_CHECKING:
    from trainer.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("build", help="curated pairs → the formats that training reads")
    command.set_defaults(run=run)
    command.add_argument(
        "--input", type=Path, default=FOLDER / "curated_qa.jsonl", help="(default: %(default)s)"
    )
    command.add_argument("--output-dir", type=Path, default=FOLDER, help="(default: %(default)s)")
    prompt = command.add_mutually_exclusive_group()
    prompt.add_argument(
        "--system-prompt",
        type=Path,
        default=FOLDER / "system_prompt.txt",
        help="a text file (default: %(default)s)",
    )
    prompt.add_argument(
        "--no-system-prompt",
        action="store_true",
        help="none; GRPO's prompts still say where the reasoning goes",
    )


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Write the files and name them."""
    system_prompt = None if parsed.no_system_prompt else parsed.system_prompt
    built = build(parsed.input, system_prompt, parsed.output_dir)
    console.print(
        f"{built.pairs} pairs → {', '.join(map(str, built.files))}", soft_wrap=True, highlight=False
    )
    return 0
