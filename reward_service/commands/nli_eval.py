"""`nli-eval FILE.jsonl`: how good the configured NLI model is on labelled pairs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from reward_service.models.protocols import ModelSpec
from reward_service.quality.labelled import LABELS, read_labelled
from reward_service.quality.metrics import Report, report
from reward_service.settings import Settings
from reward_service.types import Calibration

NAME = "nli-eval"
HELP = "measure the NLI model on labelled pairs"


@dataclass(frozen=True, slots=True)
class Job:
    """Which file is read, and whether the result is printed as JSON."""

    file: Path
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "file",
        type=Path,
        help="lines of premise, hypothesis, label (entailment, neutral, contradiction or not_entailment) "
        "and, if you like, phenomenon",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(parsed.file, parsed.json)


def run(job: Job, settings: Settings, console: Console) -> int:
    """Judge the pairs of a file and print accuracy, confusion, calibration error and phenomena to stdout.

    Args:
        job: what to do.
        settings: which NLI model, on which device.
        console: for progress and messages.

    Raises:
        RequestError: a line is wrong; names file, line and field.
        ModelUnavailable: the model can't be loaded.
    """
    from reward_service.models.judging import judge
    from reward_service.models.pack import load_nli

    pairs = read_labelled(job.file)
    with console.status("loading the NLI model …"):
        nli = load_nli(
            settings.models,
            settings.nli_model,
            calibration=settings.nli_calibration,
            device=settings.device,
            dtype=settings.dtype,
            threads=settings.threads,
        )
    wanted = [pair.pair for pair in pairs]
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("judging", total=len(set(wanted)))
        verdicts = judge(nli, wanted, lambda count: progress.advance(task, count))
    rate = len(set(wanted)) / (time.monotonic() - started)
    found = report(np.array(verdicts, dtype=np.float64), pairs)
    if job.as_json:
        told = as_json(found, job.file, nli.spec, nli.calibration, rate)
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        show(found, nli.spec, nli.calibration, rate)
    return 0


def as_json(
    found: Report, file: Path, spec: ModelSpec, calibration: Calibration, rate: float
) -> dict[str, Any]:
    """The report with the model that it speaks of."""
    model = {"name": spec.name, "revision": spec.revision, "dtype": spec.dtype, "device": spec.device}
    return {
        "file": file.name,
        **found.as_json(),
        "model": {**model, "temperature": calibration.temperature, "calibrated": calibration.source},
        "pairs_per_second": round(rate, 1),
    }


def show(found: Report, spec: ModelSpec, calibration: Calibration, rate: float) -> None:
    """Print the report as tables."""
    out = Console(file=sys.stdout, highlight=False, markup=False)
    out.print(
        f"{spec.name} {spec.revision} ({spec.dtype}, {spec.device}), temperature {calibration.temperature}"
    )
    out.print(f"accuracy {found.accuracy:.1%} of {found.n} pairs", style="bold")
    out.print(f"expected calibration error {found.ece:.3f}, {rate:.0f} distinct pairs/s")
    confusion = Table(title="label (rows) and verdict (columns)")
    for heading in ("", *LABELS):
        confusion.add_column(heading, justify="right" if heading else "left")
    for label, row in found.confusion.items():
        confusion.add_row(label, *(str(row[guess]) for guess in LABELS))
    out.print(confusion)
    if found.by_phenomenon:
        table = Table(title="by phenomenon, the weakest first")
        for heading, side in (("phenomenon", "left"), ("pairs", "right"), ("accuracy", "right")):
            table.add_column(heading, justify="right" if side == "right" else "left")
        for name, entry in sorted(found.by_phenomenon.items(), key=lambda item: item[1]["accuracy"]):
            table.add_row(Text(name), str(entry["n"]), f"{entry['accuracy']:.1%}")
        out.print(table)
