"""`check-eval --dataset FILE`: how many good answers a policy fails, and how many attacks it lets pass."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reward_service.commands.backend import backend
from reward_service.commands.engine import Build, build_engine
from reward_service.errors import RequestError
from reward_service.jsonl import records
from reward_service.quality.answers import Question, drawn, read_questions, with_answers
from reward_service.settings import Settings

if TYPE_CHECKING:
    from reward_service.audit.checking import Checked
    from reward_service.checks.checker import Checker
    from reward_service.checks.policy import Policy

NAME = "check-eval"
HELP = "measure the policies of live checks on honest answers and attacks"
HALVES = ("first", "second")


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    dataset: Sequence[Path]
    """Files of questions and reference answers."""
    answers: Path | None
    """A file of answers that a person wrote to some of the questions."""
    half: str | None
    """`first` or `second` half of the questions, by a hash of each; None for all."""
    sample: int | None
    """At most so many questions; None for all."""
    seed: int
    url: str | None
    again: Path | None
    """A `findings.jsonl` of an earlier run to judge again, in place of scoring."""
    out: Path
    """The folder that `findings.jsonl` and `check-eval.json` go into."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--dataset",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="questions and reference answers: lines of instruction, response",
    )
    parser.add_argument("--answers", type=Path, help="answers that people wrote, as `audit` takes them")
    parser.add_argument(
        "--half", choices=HALVES, help="half of the questions: tune policies on one, report on the other"
    )
    parser.add_argument("--sample", type=int, help="at most this many questions, drawn by the seed")
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--url", help="a running server; without it the models are loaded here")
    parser.add_argument(
        "--again", type=Path, metavar="FINDINGS", help="judge an earlier run's findings.jsonl again"
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("runs/check-eval"), help="folder for the files"
    )


def job(parsed: argparse.Namespace) -> Job:
    """The parsed command line as a job."""
    return Job(
        dataset=parsed.dataset,
        answers=parsed.answers,
        half=parsed.half,
        sample=parsed.sample,
        seed=parsed.seed,
        url=parsed.url,
        again=parsed.again,
        out=parsed.out,
    )


def run(job: Job, settings: Settings, console: Console, build: Build = build_engine) -> int:
    """Check answers of known kind, print the figures of every policy, write the files.

    Raises:
        RequestError: a file or a line of one is wrong; named.
        ConfigurationError: a policy is wrong.
        ModelUnavailable, RewardClientError: there is nothing to read or to score with.
        OSError: a file can't be read or written.
    """
    from reward_service.audit.checking import figures
    from reward_service.checks.checker import build_checker

    checker = build_checker([settings.policies_dir] if settings.policies_dir is not None else [])
    if job.again is not None:
        checked, made = _read(job.again), {"again": job.again.name}
    elif job.dataset:
        checked, made = _check(job, settings, console, checker, build)
    else:
        raise RequestError("nothing to check: name a --dataset, or --again FINDINGS", where="dataset")
    policies = checker.policies
    report = {"made": made, "policies": {p.name: figures(checked, p) for p in policies}}
    job.out.mkdir(parents=True, exist_ok=True)
    file = job.out / "check-eval.json"
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    show(report, console)
    console.print(f"written to {file}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _check(
    job: Job, settings: Settings, console: Console, checker: Checker, build: Build
) -> tuple[list[Checked], dict[str, Any]]:
    """Score and look; what is found goes to `findings.jsonl`."""
    from reward_service.audit.answers import make_answers
    from reward_service.audit.catalogue import attack_makers, honest_makers
    from reward_service.audit.checking import SETTINGS, check_answers
    from reward_service.audit.sources import Readers, sources
    from reward_service.lexicons import load_lexicon
    from reward_service.models.pack import load_readers

    questions = questions_of(job)
    honest, attacks = honest_makers(), attack_makers()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with backend(job.url, settings, console, build) as scorer:
        readers = Readers(*load_readers(settings.models, settings.embedding_model, settings.spacy_model))
        with Progress(*columns, console=console) as progress:
            reading = progress.add_task("reading (questions)", total=len(questions))
            read = sources(
                questions,
                readers,
                load_lexicon(settings.lexicon),
                job.seed,
                lambda count: progress.advance(reading, count),
            )
            answers = make_answers(read, honest, attacks, job.seed)
            checking = progress.add_task("checking (answers)", total=len(answers) * len(SETTINGS))
            checked = check_answers(
                read,
                answers,
                {maker.name: (maker, maker in honest) for maker in (*honest, *attacks)},
                checker,
                every_code(checker),
                scorer,
                settings.limits,
                lambda count: progress.advance(checking, count),
            )
        made = {
            "dataset": ", ".join(path.name for path in job.dataset),
            "half": job.half,
            "questions": len(questions),
            "answers": len(answers),
            "seed": job.seed,
            "scored_with": scorer.name,
        }
    job.out.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(one.as_json(), ensure_ascii=False) for one in checked]
    (job.out / "findings.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return checked, made


def every_code(checker: Checker) -> Policy:
    """A policy that looks for everything, so that findings can be judged by any other one."""
    from reward_service.checks.policy import Policy, Rule

    least = 1e-9
    rules = {code: Rule(review=least) for code in checker.codes}
    return Policy(name="every_code", doc="Looks for everything.", rules=rules)


def questions_of(job: Job) -> list[Question]:
    """The questions of a job: those of its half, then drawn by its seed."""
    questions = [question for path in job.dataset for question in read_questions(path)]
    if job.answers is not None:
        questions = with_answers(questions, job.answers)
    if job.half is not None:
        questions = [q for q in questions if _half(q.question) == job.half]
    return drawn(questions, len(questions) if job.sample is None else job.sample, job.seed)


def _half(question: str) -> str:
    """The half that a question belongs to, in whatever file and order it stands."""
    return HALVES[hashlib.sha256(question.encode()).digest()[0] % 2]


def _read(path: Path) -> list[Checked]:
    from reward_service.audit.checking import Checked

    found = []
    for _, place, record in records(path.read_bytes(), str(path)):
        try:
            found.append(Checked(**record | {"findings": [tuple(one) for one in record["findings"]]}))
        except (KeyError, TypeError) as error:
            raise RequestError(f"{place}: is no line of findings.jsonl ({error})") from None
    return found


def show(report: dict[str, Any], console: Console) -> None:
    """Print, for each policy and setting, what becomes of honest answers and of attacks."""
    table = Table(title="what becomes of answers")
    for heading in ("policy", "setting", "answers", "n", "pass", "review", "fail"):
        table.add_column(heading, justify="right" if heading in ("n", "pass", "review", "fail") else "left")
    for policy, settings in report["policies"].items():
        for setting, sides in settings.items():
            for side, found in sides.items():
                shares = [_percent(found["all"][outcome]) for outcome in ("pass", "review", "fail")]
                table.add_row(policy, setting, side, str(found["all"]["n"]), *shares)
        table.add_section()
    console.print(table)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
