"""`warmup`: a short supervised start on curated answers, before GRPO."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from trainer.commands import add_set
from trainer.commands.data import FOLDER
from trainer.policy import is_local
from trainer.quiet import quiet
from trainer.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from trainer.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("warmup", help="supervised steps on curated answers before GRPO")
    command.set_defaults(run=run)
    command.add_argument(
        "--preset",
        default="cpu-demo",
        help="of the run to come: its policy and adapter (default: %(default)s)",
    )
    command.add_argument(
        "--data", type=Path, default=FOLDER / "curated_qa.jsonl", help="curated pairs (default: %(default)s)"
    )
    command.add_argument(
        "--system-prompt",
        type=Path,
        help="a text file (default: data.system_prompt of the preset, else none)",
    )
    command.add_argument("--epochs", type=float, default=1.0, help="(default: %(default)s)")
    command.add_argument("--learning-rate", type=float, default=2e-4, help="(default: %(default)s)")
    command.add_argument("--batch-size", type=int, default=4, help="pairs in a step (default: %(default)s)")
    command.add_argument(
        "--output-dir", type=Path, default=Path("runs/warmup"), help="(default: %(default)s)"
    )
    add_set(command)


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Train, save the model, and say how GRPO starts from it."""
    for option in ("epochs", "learning_rate", "batch_size"):
        if not getattr(parsed, option) > 0:
            raise SettingsError(f"--{option.replace('_', '-')}: must be above 0")
    settings = load_settings(parsed.preset, parsed.set, os.environ)
    quiet(console, offline=is_local(settings.policy))

    from trainer.dataset.load import load_curated
    from trainer.warmup import warm_up

    system = settings.data.system_prompt
    if parsed.system_prompt is not None:
        system = parsed.system_prompt.read_text(encoding="utf-8").strip()
    done = warm_up(
        settings,
        load_curated(parsed.data),
        system_prompt=system,
        epochs=parsed.epochs,
        learning_rate=parsed.learning_rate,
        batch_size=parsed.batch_size,
        output_dir=parsed.output_dir,
        report=lambda line: console.print(escape(line), soft_wrap=True, highlight=False),
    )
    console.print(
        f"loss {done['first_loss']:.3f} → {done['last_loss']:.3f}\n"
        f"Start GRPO from it with --set policy.model={done['model']}",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
    return 0
