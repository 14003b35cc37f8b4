"""`data split`: a data set → a part to train on and a part held out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.commands.data import bars
from trainer.quiet import quiet

if TYPE_CHECKING:
    from trainer.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "split", help="a part to train on and a part held out; near-duplicates stay together"
    )
    command.set_defaults(run=run)
    command.add_argument("file", type=Path)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
    command.add_argument("--share", type=float, default=0.1, help="to hold out (default: %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    command.add_argument("--by-source", action="store_true", help="records of one source stay together too")
    command.add_argument(
        "--near",
        type=float,
        metavar="COSINE",
        default=0.85,
        help="from where texts stay together (default: %(default)s)",
    )
    command.add_argument("--no-embeddings", action="store_true", help="keep only equal texts together")


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Write the files, and say what is in them."""
    quiet(console, offline=True)

    from trainer.dataset.embedding import Embedder
    from trainer.dataset.load import DatasetError
    from trainer.dataset.split import Plan, split

    if not 0 < parsed.near <= 1:
        raise DatasetError(f"--near: {parsed.near} is no cosine above 0 and up to 1")
    plan = Plan(parsed.share, parsed.seed, parsed.by_source, parsed.near)
    with bars(console) as step:
        made = split(parsed.file, parsed.out, plan, None if parsed.no_embeddings else Embedder, step)
    summary = made.summary
    if summary["themes"]:
        table = Table("theme", "train", "held out", title=escape(summary["themes_note"]))
        for name, counts in summary["themes"].items():
            table.add_row(escape(name), str(counts["train"]), str(counts["held_out"]))
        console.print(table)
    said = [
        f"kept together: {summary['kept_together']} ({summary['groups_of_several']} groups of several)",
        f"{summary['train']['records']} records to train on, {summary['held_out']['records']} held out → "
        f"{', '.join(map(str, made.files))}",
    ]
    console.print("\n".join(said), soft_wrap=True, highlight=False, markup=False)
    return 0
