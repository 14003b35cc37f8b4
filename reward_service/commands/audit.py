"""`audit --dataset FILE`: which cheap answers beat honest ones under a reward; is it worth training on?"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from reward_service import __version__
from reward_service.commands.backend import backend
from reward_service.commands.engine import Build, build_engine
from reward_service.commands.options import add_dataset, positive
from reward_service.quality.answers import drawn, read_questions, with_answers
from reward_service.settings import Settings
from shared.schema import DEFAULT_REWARD

NAME = "audit"
HELP = "pit honest answers against attacks under a reward"
AUDITED = (DEFAULT_REWARD, "full_coherence_smooth_reward")
"""What is looked at where nothing else is said."""
MISSED = 1
"""The exit status where a requirement is not met."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    dataset: Sequence[Path]
    """Files of questions and reference answers."""
    answers: Path | None
    """A file of answers that a person wrote to some of the questions."""
    rewards: tuple[str, ...]
    sample: int | None
    """At most so many questions; None for all."""
    seed: int
    url: str | None
    require: tuple[str, ...]
    out: Path
    """The folder that `audit.json` and `audit.html` go into."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_dataset(parser)
    parser.add_argument(
        "--answers",
        type=Path,
        help="answers that people wrote: lines of instruction, kind (paraphrase, reversal or hollow), answer",
    )
    parser.add_argument(
        "--reward", action="append", help=f"may be repeated; {' and '.join(AUDITED)} by default"
    )
    parser.add_argument("--sample", type=positive, help="at most this many questions, drawn by the seed")
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--url", help="a running server; without it the models are loaded here")
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="FIGURE>=NUMBER",
        help="exit with status 1 where it is missed, such as win_rate>=0.97, win_rate.reversal>=0.93, "
        "zero_spread<=0.05; may be repeated",
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("runs/audit"), help="folder for audit.json and audit.html"
    )


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(
        dataset=parsed.dataset,
        answers=parsed.answers,
        rewards=tuple(dict.fromkeys(parsed.reward or AUDITED)),
        sample=parsed.sample,
        seed=parsed.seed,
        url=parsed.url,
        require=tuple(parsed.require),
        out=parsed.out,
    )


def run(job: Job, settings: Settings, console: Console, build: Build = build_engine) -> int:
    """Audit rewards, print what was found, write `audit.json` and `audit.html`.

    Returns:
        0, or 1 where a requirement is missed.

    Raises:
        RequestError: a line of a file or a requirement is wrong; named.
        UnknownReward: what scores has no such reward.
        ModelUnavailable, RewardClientError: there is nothing to read or to score with.
        OSError: a file can't be read or written.
    """
    from reward_service.audit.page import write_page
    from reward_service.audit.requirements import check, parse
    from reward_service.audit.run import Audit, families, run_audit
    from reward_service.audit.sources import Readers
    from reward_service.lexicons import load_lexicon
    from reward_service.models.pack import load_readers

    requirements = parse(job.require, families())
    questions = [question for path in job.dataset for question in read_questions(path)]
    if job.answers is not None:
        questions = with_answers(questions, job.answers)
    chosen = drawn(questions, len(questions) if job.sample is None else job.sample, job.seed)
    job.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with backend(job.url, settings, console, build) as scorer:
        annotator, embedder = load_readers(settings.models, settings.embedding_model, settings.spacy_model)
        found = run_audit(
            Audit(chosen, job.rewards, job.seed),
            scorer,
            Readers(annotator, embedder),
            load_lexicon(settings.lexicon),
            console,
        )
        made = {
            "dataset": ", ".join(path.name for path in job.dataset),
            "paraphrases": job.answers.name if job.answers else None,
            "questions": len(chosen),
            "seed": job.seed,
            "date": datetime.now(UTC).date().isoformat(),
            "version": __version__,
            "fingerprint": found.pop("fingerprint"),
            "scored_with": scorer.name,
            "answers": found.pop("answers"),
            "seconds": round(time.monotonic() - started, 1),
            "command": shlex.join(["python", "-m", "reward_service", *sys.argv[1:]]),
        }
    report = {
        **found,
        "made": made,
        "requirements": check(requirements, found["rewards"], found["false_contradictions"], families()),
    }
    file, page = job.out / "audit.json", job.out / "audit.html"
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_page(report, page)
    show(report, console)
    console.print(f"written to {file} and {page}", highlight=False, markup=False, soft_wrap=True)
    return 0 if all(entry["met"] for entry in report["requirements"]) else MISSED


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print the win rates, the other figures and the requirements that are missed."""
    rewards: Mapping[str, Any] = report["rewards"]
    table = Table(title="how often an honest answer beats the attack (ties are losses)")
    table.add_column("attack", overflow="fold")
    table.add_column("made", justify="right")
    for name in rewards:
        table.add_column(name, justify="right", overflow="fold")
    for attack, about in report["attacks"].items():
        rates = [figures["attacks"][attack]["win_rate"] for figures in rewards.values()]
        table.add_row(attack, str(about["made"]), *map(_percent, rates))
    table.add_section()
    for title, key in (("mean over attacks", "mean_win_rate"), ("honest in the top third", "top_third")):
        table.add_row(title, "", *(_percent(figures[key]) for figures in rewards.values()))
    groups = [figures["groups"] for figures in rewards.values()]
    table.add_row("groups without spread", "", *(_percent(group["zero_spread"]) for group in groups))
    for title, key in (("rank correlation", "rank_correlation"), ("with length", "length_correlation")):
        table.add_row(title, "", *(_number(group[key]) for group in groups))
    console.print(table)
    for name, entry in report["false_contradictions"].items():
        console.print(
            f"false contradictions of {name}: {entry['found']} of {entry['n']} references and paraphrases",
            highlight=False,
        )
    for entry in report["requirements"]:
        if not entry["met"]:
            about = f"{entry['reward']}" + (f", {entry['subject']}" if entry["subject"] else "")
            value = "not measured" if entry["value"] is None else f"{entry['value']:.4f}"
            console.print(
                f"missed: {entry['text']} ({about}): {value}", style="red", highlight=False, markup=False
            )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
