"""`calibrate --dataset FILE`: temperature and verdict thresholds for the configured NLI model."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reward_service.commands.engine import load_models
from reward_service.errors import ConfigurationError, RequestError
from reward_service.models.protocols import ModelPack
from reward_service.quality.answers import Question, read_questions, with_answers
from reward_service.quality.labelled import read_labelled
from reward_service.quality.thresholds import CALLS
from reward_service.settings import Settings
from reward_service.types import Calibration

OWN_DEV_PAIRS = Path(__file__).parents[2] / "training_data" / "nli" / "dev.jsonl"
"""The labelled pairs of the repository that are there for choosing temperatures."""


@dataclass(frozen=True, slots=True)
class Job:
    """On what the model is calibrated, and where the result goes."""

    dataset: Sequence[Path]
    """Files of questions and reference answers."""
    variants: Path | None
    pairs: Path
    out: Path | None
    questions: int
    seed: int


def run(job: Job, settings: Settings, console: Console) -> int:
    """Calibrate the NLI model of the settings, write the calibration, and print what it does.

    Raises:
        RequestError: a line of a file is wrong; names file, line and field.
        ModelUnavailable: a model can't be loaded.
        ConfigurationError: the weights' folder can't be written; says what to do.
    """
    chosen_questions(job)  # a bad line is said before the models take their time
    with console.status(f"loading the models ({settings.models} pack) …"):
        # An older calibration that the settings name is what this is to replace.
        pack = load_models(settings.model_copy(update={"nli_calibration": None}))
    calibrate(job, pack, console)
    return 0


def calibrate(job: Job, pack: ModelPack, console: Console) -> dict[str, Any]:
    """Calibrate the NLI model of loaded models and write the result; returns the figures behind it.

    Raises:
        RequestError, ConfigurationError: as `run`.
    """
    from reward_service.models.calibration import Reader, choose, gather, temperature_of
    from reward_service.models.hub import CALIBRATION_FILE
    from reward_service.models.nli import WindowedNli, write_calibration_file

    nli = pack.nli
    assert isinstance(nli, WindowedNli)  # what a pack of real models holds
    pairs, questions = read_labelled(job.pairs), chosen_questions(job)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        first = progress.add_task("temperature (pairs)", total=len(pairs))
        temperature = temperature_of(nli, pairs, lambda count: progress.advance(first, count))
        progress.update(first, completed=len(pairs))
        second = progress.add_task("thresholds (questions)", total=len(questions))
        reader = Reader(pack.annotator, pack.embedder, nli.recalibrated(Calibration(temperature=temperature)))
        gathered = gather(questions, reader, job.seed, lambda count: progress.advance(second, count))
    calibration, figures = choose(gathered, temperature, source_of(job, questions))
    out = job.out or nli.folder / CALIBRATION_FILE
    try:
        write_calibration_file(out, calibration, nli.spec)
    except OSError as error:
        raise ConfigurationError(
            f"{out} can't be written ({error}); name another place with --out, and set "
            "REWARD_NLI_CALIBRATION to it"
        ) from error
    show(calibration, figures, console)
    console.print(f"written to {out}", highlight=False, soft_wrap=True)
    return figures


def chosen_questions(job: Job) -> list[Question]:
    """At most as many questions as the job wants: those with answers by hand, then others drawn by the
    seed."""
    questions = [question for path in job.dataset for question in read_questions(path)]
    if job.variants is not None:
        questions = with_answers(questions, job.variants)
    random.Random(f"questions:{job.seed}").shuffle(questions)
    questions.sort(key=lambda question: not question.by_hand)
    if len(questions[: job.questions]) < 2:
        raise RequestError("thresholds need at least two questions: one chooses, the other reports")
    return questions[: job.questions]


def source_of(job: Job, questions: Sequence[Question]) -> str:
    """On what the model is calibrated, as `GET /info` says it."""
    files = ", ".join(path.name for path in job.dataset)
    by_hand = sum(bool(question.by_hand) for question in questions)
    hand = f", {by_hand} of them with answers by hand ({job.variants.name})" if job.variants else ""
    return (
        f"thresholds on {len(questions)} questions of {files} with honest and attacked answers{hand}; "
        f"temperature on {job.pairs.name}"
    )


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
