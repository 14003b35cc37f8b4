"""`report FILE …`: what files of scores say about the models behind them, alone and against each other."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reward_service import __version__
from reward_service.errors import RequestError
from reward_service.settings import Settings

NAME = "report"
HELP = "describe files of scores and compare them, as one HTML page"
DIFFER = 1
"""The exit status of `--strict` where scores don't compare."""
SEED = 20261


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    files: Sequence[Path]
    """As `score` wrote them, in the order in which they are shown."""
    out: Path
    """The page; the figures go beside it, with the ending `.json`."""
    rewards: tuple[str, ...]
    """All that the files have in common where none is named."""
    labels: tuple[str, ...]
    """One for each file, or none: then the files' names are their labels."""
    baseline: str | None
    strict: bool
    seed: int = SEED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="what score wrote (.parquet, .jsonl or .csv), one file for each model or checkpoint, in order",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("report.html"),
        help="the page; the same figures go beside it as .json (report.html by default)",
    )
    parser.add_argument(
        "--reward", action="append", help="may be repeated; all that the files have in common by default"
    )
    parser.add_argument(
        "--label", action="append", help="what a file is called; given as often as there are files"
    )
    parser.add_argument(
        "--baseline", metavar="LABEL", help="what the others are compared with; the first by default"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with status 1 where fingerprints differ or aren't known"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of the resamples")


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(
        files=tuple(parsed.files),
        out=parsed.out,
        rewards=tuple(parsed.reward or ()),
        labels=tuple(parsed.label or ()),
        baseline=parsed.baseline,
        strict=parsed.strict,
        seed=parsed.seed,
    )


def run(job: Job, settings: Settings, console: Console) -> int:  # noqa: ARG001 (every command is given them)
    """Compare files of scores, print a table, write the page and the JSON file.

    Returns:
        0, or 1 with `strict` where the scores came about under different or unknown fingerprints.

    Raises:
        RequestError: a file, a label, a reward or a name of the output is wrong; named.
        OSError: a file can't be read or written.
    """
    from reward_service.report.build import build
    from reward_service.report.page import write_page
    from reward_service.report.scores import read_scores

    figures = job.out.with_suffix(".json")
    _require_free(job.out, figures, job.files)
    labels = labels_of(job.files, job.labels)
    with console.status("reading the scores …"):
        files = [read_scores(path, label, job.rewards) for path, label in zip(job.files, labels, strict=True)]
    with console.status("comparing …"):
        found = build(files, job.rewards, job.baseline, job.seed)
    report = {
        **found,
        "made": {
            "date": datetime.now(UTC).date().isoformat(),
            "version": __version__,
            "command": shlex.join(["python", "-m", "reward_service", *sys.argv[1:]]),
        },
    }
    job.out.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate as \\ud800 is what JSON wants it to be.
    with figures.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    write_page(report, job.out)
    show(report, console)
    console.print(f"written to {job.out} and {figures}", highlight=False, markup=False, soft_wrap=True)
    return DIFFER if job.strict and not report["comparable"] else 0


def labels_of(files: Sequence[Path], given: Sequence[str]) -> list[str]:
    """What each file is called: as it is said, or by its name, with its folder where names are the same.

    Raises:
        RequestError: there are not as many labels as files, or two files have the same.
    """
    if given and len(given) != len(files):
        raise RequestError(f"--label: {len(given)} for {len(files)} files; give one for each, or none")
    labels = list(given) or [path.stem for path in files]
    if not given and len(set(labels)) < len(labels):
        labels = [str(path.with_suffix("")) for path in files]
    if not given and len(set(labels)) < len(labels):
        labels = [str(path) for path in files]
    label, times = Counter(labels).most_common(1)[0]
    if times > 1:
        raise RequestError(f"--label: {times} files are called {label!r}; tell them apart")
    return labels


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print the means of every file with their differences from the baseline, and the warnings last."""
    for reward, under in report["rewards"].items():
        table = Table(title=Text(reward))
        for heading in ("file", "scored", "null", "mean", "difference", "won/tied/lost", "p"):
            table.add_column(
                heading,
                justify="left" if heading == "file" else "right",
                overflow="fold",
                no_wrap=heading == "won/tied/lost",
            )
        for label, of in under["files"].items():
            against = under["comparisons"].get(label)
            table.add_row(
                Text(label),
                str(of["scored"]),
                str(of["unscored"]),
                _estimate(of),
                *_compared(against),
            )
        console.print(table)
        for label, against in under["comparisons"].items():
            console.print(_restricted(label, against), highlight=False, markup=False, soft_wrap=True)
    for warning in report["warnings"]:
        console.print(Text.assemble(("warning: ", "bold red"), warning), soft_wrap=True)


def _compared(against: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if against is None:
        return "", "", ""
    counts = f"{against['wins']}/{against['ties']}/{against['losses']}"
    p = f"{against['test']['p']:.4f}" if against["test"] else "–"
    return _estimate(against["difference"], "+"), counts, p


def _estimate(of: Mapping[str, Any], sign: str = "") -> str:
    if of["mean"] is None:
        return "–"
    ends = of["interval"]
    said = f" [{ends[0]:{sign}.2f}, {ends[1]:{sign}.2f}]" if ends else f" (no interval: {of['no_interval']})"
    return f"{of['mean']:{sign}.2f}{said}"


def _restricted(label: str, against: Mapping[str, Any]) -> str:
    """On what a comparison rests, and what it leaves out."""
    by = f", paired by {against['paired_by']}" if against["paired_by"] else ""
    apart, null = against["unpaired"], against["unscored"]
    said = f"{label} − {against['against']}: {against['questions']} of {against['matched']} questions{by}"
    if null["ours"] or null["theirs"]:
        said += f"; only where both are scored (null: {null['ours']} and {null['theirs']} answers)"
    if apart["ours"] or apart["theirs"]:
        said += f"; without counterpart: {apart['ours']} and {apart['theirs']} answers"
    return said


def _require_free(page: Path, figures: Path, files: Sequence[Path]) -> None:
    """The page and its figures are two files, and neither replaces a file of scores."""
    if page == figures:
        raise RequestError(f"--out: {page} is where the figures go; name the page, such as report.html")
    taken = {path.resolve() for path in files}
    for out in (page, figures):
        if out.resolve() in taken:
            raise RequestError(f"--out: {out} is one of the files of scores")
