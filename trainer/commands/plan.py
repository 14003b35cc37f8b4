"""`plan`: what a run takes of the GPU's memory, and whether it fits."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from rich.console import Console

from trainer.commands import add_set
from trainer.settings import load_settings

if TYPE_CHECKING:
    from trainer.commands import Commands

REFUSED = 1


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("plan", help="add up the GPU memory of a run, and say whether it fits")
    command.set_defaults(run=run)
    command.add_argument(
        "--preset", default="a40", help="a file in trainer/presets, or a path (default: %(default)s)"
    )
    command.add_argument(
        "--gpu-memory",
        metavar="SIZE",
        help="the card's, such as 44.4GiB (default: this machine's GPU, else policy.gpu.memory_gib)",
    )
    add_set(command)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Print the table and the verdict; the exit status is 1 where the run can't fit."""
    from trainer.memory.card import card_here, parse_gib
    from trainer.memory.plan import make_plan
    from trainer.memory.savings import savings
    from trainer.memory.shapes import shape_of
    from trainer.memory.table import plan_table, verdict

    settings = load_settings(parsed.preset, parsed.set, os.environ)
    total, in_use = parse_gib(parsed.gpu_memory) if parsed.gpu_memory else None, 0.0
    if total is None and (card := card_here()) is not None:
        total, in_use = card
    shape = shape_of(settings.policy.model, lambda text: console.print(text, markup=False))
    plan = make_plan(settings, shape, total, in_use)
    console.print(plan_table(plan))
    said = verdict(plan, savings(plan, shape) if plan.problems else [])
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return REFUSED if plan.problems else 0
