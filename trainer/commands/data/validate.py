"""`data validate`: check a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from trainer.commands.data import bars
from trainer.quiet import quiet

if TYPE_CHECKING:
    from trainer.commands import Commands
    from trainer.dataset.findings import Report


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "validate", help="check a data set; names file, line and field of what is wrong"
    )
    command.set_defaults(run=run)
    command.add_argument("file", type=Path)
    command.add_argument(
        "--schema", choices=("curated", "grpo", "qwen", "questions"), help="(default: told by the first line)"
    )
    command.add_argument(
        "--question-words", metavar="LOW:HIGH", default="3:60", help="(default: %(default)s)"
    )
    command.add_argument(
        "--answer-words", metavar="LOW:HIGH", default="20:600", help="(default: %(default)s)"
    )
    command.add_argument(
        "--near",
        type=float,
        metavar="COSINE",
        default=0.9,
        help="from where texts are near-duplicates (default: %(default)s)",
    )
    command.add_argument("--no-embeddings", action="store_true", help="look for no near-duplicates")
    command.add_argument(
        "--show", type=int, default=50, metavar="N", help="findings to print (default: %(default)s)"
    )
    command.add_argument("--json", type=Path, metavar="FILE", help="write all findings there")
    command.add_argument("--strict", action="store_true", help="fail on warnings too")


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Print the findings and their counts.

    Returns:
        1 where there are errors, or warnings under `--strict`.
    """
    quiet(console, offline=True)

    from trainer.dataset.embedding import Embedder
    from trainer.dataset.load import DatasetError
    from trainer.dataset.validate import Bounds, Rules, validate
    from trainer.dataset.write import write_json

    try:
        question_words, answer_words = Bounds.parse(parsed.question_words), Bounds.parse(parsed.answer_words)
    except ValueError as error:
        raise DatasetError(f"--question-words, --answer-words: {error}") from error
    if not 0 < parsed.near <= 1:
        raise DatasetError(f"--near: {parsed.near} is no cosine above 0 and up to 1")
    rules = Rules(parsed.schema, question_words, answer_words, parsed.near)
    with bars(console) as step:
        report = validate(parsed.file, rules, None if parsed.no_embeddings else Embedder, step)
    _print(report, console, show=max(0, parsed.show))
    if parsed.json:
        write_json(parsed.json, report.as_json())
        console.print(f"all findings: {parsed.json}", soft_wrap=True, highlight=False)
    return int(report.count("error") > 0 or (parsed.strict and report.count("warning") > 0))


def _print(report: Report, console: Console, *, show: int) -> None:
    errors_first = sorted(report.findings, key=lambda finding: finding.severity)
    for finding in errors_first[:show]:
        colour = "red" if finding.severity == "error" else "yellow"
        console.print(f"[{colour}]{finding.severity}[/{colour}]", end=" ")
        console.print(f"{report.file}, {finding}", soft_wrap=True, highlight=False, markup=False)
    if len(errors_first) > show:
        console.print(f"… and {len(errors_first) - show} more (--show, --json)")
    if report.findings:
        table = Table("severity", "check", "findings")
        for (severity, check), count in report.by_check().items():
            table.add_row(severity, check, str(count))
        console.print(table)
    said = [
        f"near-duplicates: {report.near_duplicates}",
        f"{report.file}: {report.good} good records of the {report.schema} schema in {report.lines} lines, "
        f"{report.count('error')} errors, {report.count('warning')} warnings",
    ]
    console.print("\n".join(said), soft_wrap=True, highlight=False, markup=False)
