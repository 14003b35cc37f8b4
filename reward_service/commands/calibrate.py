"""`calibrate --dataset FILE`: temperature and verdict thresholds for the configured NLI model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reward_service.commands.engine import load_models
from reward_service.commands.options import add_dataset
from reward_service.errors import ConfigurationError
from reward_service.models.protocols import ModelPack
from reward_service.quality.answers import Question, drawn, read_questions, with_answers
from reward_service.quality.labelled import LabelledPair, read_labelled
from reward_service.quality.thresholds import CALLS
from reward_service.settings import Settings
from reward_service.types import Calibration

NAME = "calibrate"
HELP = "choose temperature and thresholds for the NLI model"
OWN_DEV_PAIRS = Path(__file__).parents[2] / "training_data" / "nli" / "dev.jsonl"
"""The labelled pairs of the repository that are there for choosing temperatures."""
QUESTIONS = 100
"""At most so many questions choose the thresholds, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    dataset: Sequence[Path]
    """Files of questions and reference answers."""
    variants: Path | None
    """A file of answers that a person wrote to some of the questions."""
    pairs: Path
    out: Path | None
    questions: int
    seed: int


@dataclass(frozen=True, slots=True)
class Work:
    """On what a model is calibrated, and where the result goes."""

    questions: Sequence[Question]
    pairs: Sequence[LabelledPair]
    source: str
    """On what, in words, as `GET /info` says it."""
    out: Path | None
    """None: beside the weights."""
    seed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_dataset(parser)
    parser.add_argument(
        "--variants",
        type=Path,
        help="hand-written answers: lines of instruction, kind (paraphrase, reversal or hollow), answer",
    )
    parser.add_argument(
        "--pairs",
        type=Path,
        default=OWN_DEV_PAIRS,
        help="labelled pairs to fit the temperature on; training_data/nli/dev.jsonl by default",
    )
    parser.add_argument(
        "-o", "--out", type=Path, help="where it is written; calibration.json beside the weights by default"
    )
    parser.add_argument(
        "--questions", type=int, default=QUESTIONS, help="at most this many questions, drawn by the seed"
    )
    parser.add_argument("--seed", type=int, default=20261)


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(
        dataset=parsed.dataset,
        variants=parsed.variants,
        pairs=parsed.pairs,
        out=parsed.out,
        questions=parsed.questions,
        seed=parsed.seed,
    )


def run(job: Job, settings: Settings, console: Console) -> int:
    """Calibrate the NLI model of the settings, print what that does, and write it.

    Raises:
        RequestError: a line of a file is wrong; names file, line and field.
        ModelUnavailable: a model can't be loaded.
        ConfigurationError: the result can't be written; said before any work is done.
        OSError: a file can't be read.
    """
    work = work_of(job)  # what is wrong with the files is said before the models take their time
    with console.status(f"loading the models ({settings.models} pack) …"):
        # An older calibration that the settings name is what this is to replace.
        pack = load_models(settings.model_copy(update={"nli_calibration": None, "calls": 1}))
    calibrate(work, pack, console)
    return 0


def work_of(job: Job) -> Work:
    """The files that a job names, read; errors as of `run`."""
    questions = [question for path in job.dataset for question in read_questions(path)]
    if job.variants is not None:
        questions = with_answers(questions, job.variants)
    chosen = drawn(questions, job.questions, job.seed)
    by_hand = sum(bool(question.by_hand) for question in chosen)
    files = ", ".join(path.name for path in job.dataset)
    hand = f", {by_hand} of them with answers by hand ({job.variants.name})" if job.variants else ""
    source = (
        f"thresholds on {len(chosen)} questions of {files} with honest and attacked answers{hand}; "
        f"temperature on {job.pairs.name}"
    )
    return Work(chosen, read_labelled(job.pairs), source, job.out, job.seed)


def calibrate(work: Work, pack: ModelPack, console: Console) -> dict[str, Any]:
    """Calibrate the NLI model of loaded models, print and write the result; returns the figures behind it.

    Raises:
        ConfigurationError: the result can't be written; said before any work is done.
        RequestError: a reference holds no claim.
    """
    from reward_service.models.calibration import Reader, choose, gather, temperature_of
    from reward_service.models.hub import CALIBRATION_FILE
    from reward_service.models.nli import WindowedNli, write_calibration_file

    nli = pack.nli
    assert isinstance(nli, WindowedNli)  # what a pack of real models holds
    out = work.out or nli.folder / CALIBRATION_FILE
    _require_writable(out)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        first = progress.add_task("temperature (pairs)", total=len({pair.pair for pair in work.pairs}))
        temperature = temperature_of(nli, work.pairs, lambda count: progress.advance(first, count))
        second = progress.add_task("thresholds (questions)", total=len(work.questions))
        reader = Reader(pack.annotator, pack.embedder, nli.recalibrated(Calibration(temperature=temperature)))
        gathered = gather(work.questions, reader, work.seed, lambda count: progress.advance(second, count))
    calibration, figures = choose(gathered, temperature, work.source)
    show(calibration, figures, console)
    write_calibration_file(out, calibration, nli.spec)
    console.print(f"written to {out}", highlight=False, markup=False, soft_wrap=True)
    return figures


def _require_writable(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = out.with_name(f".{out.name}.probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{out} can't be written ({error}); name another place with --out, and set "
            "REWARD_NLI_CALIBRATION to it"
        ) from error


def show(calibration: Calibration, figures: dict[str, Any], console: Console) -> None:
    """Print the thresholds, and the verdicts on the questions that didn't choose them."""
    for name in (
        "temperature",
        "claim_entailed",
        "claim_contradicted",
        "answer_entailed",
        "answer_contradicted",
        "sentence_contradicted",
    ):
        console.print(f"{name:22} {getattr(calibration, name):g}", highlight=False)
    table = Table(title="verdicts on the half that chose nothing")
    for heading in ("answer", "answers", *CALLS):
        table.add_column(heading, justify="left" if heading == "answer" else "right")
    for kind, row in figures["reported_on"].items():
        table.add_row(kind, str(row["n"]), *(f"{row[call]:.0%}" for call in CALLS))
    console.print(table)
    console.print(
        f"{figures['references_flagged_as_inconsistent']:.1%} of the references are flagged as contradicting "
        f"themselves; {figures['blatant_negations_caught']:.1%} of sentences are caught beside their own "
        "negation",
        highlight=False,
    )
