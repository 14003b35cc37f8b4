"""`data questions`: library chunks → questions about them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from trainer.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("questions", help="library chunks → questions about them, without answers")
    command.set_defaults(run=run)
    command.add_argument(
        "file", type=Path, help="JSONL: text, article_title, section, internal_links, categories"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the questions go")
    command.add_argument("--limit", type=int, metavar="N", help="keep so many, drawn at random")
    command.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    command.add_argument(
        "--authors", type=Path, metavar="FILE", help="in place of trainer/dataset/authors.yaml"
    )
    command.add_argument("--templates", type=Path, metavar="FILE", help="in place of …/questions.yaml")


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Write the questions, and say how they came about."""
    from trainer.dataset.authors import AUTHORS, Authors
    from trainer.dataset.chunks import TEMPLATES, load_wording
    from trainer.dataset.questions import ask
    from trainer.dataset.write import write_jsonl

    authors, wording = Authors.load(parsed.authors or AUTHORS), load_wording(parsed.templates or TEMPLATES)
    asked = ask(parsed.file, authors, wording, limit=parsed.limit, seed=parsed.seed)
    write_jsonl(parsed.out, (question.model_dump() for question in asked.questions))

    table = Table("template", "questions")
    for name, count in asked.templates.items():
        table.add_row(name, str(count))
    console.print(table)
    said = [f"{asked.equal} of {asked.chunks} chunks gave a question that had been asked already"]
    if asked.left_out:
        said.append(f"{asked.left_out} questions left out by --limit")
    if asked.without_author:
        said.append(f"{asked.without_author} questions on works whose title names no author")
    if asked.guessed:
        names = ", ".join(f"{name} ({count})" for name, count in asked.guessed.items())
        said.append(f"authors guessed, since the list does not have them: {names}")
    said.append(f"{len(asked.questions)} questions → {parsed.out}")
    console.print("\n".join(said), soft_wrap=True, highlight=False, markup=False)
    return 0
