"""The trainer's own commands, run as a person would run them, each with a log; what is done stays done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.learning.arms import Arm
from trainer.runfolder import RunFolder

PRESET = Path(__file__).parent / "preset.yaml"
SYSTEM_PROMPT = "Answer in two short sentences."
Report = Callable[[str], None]


class CommandFailed(RuntimeError):
    """A command of the trainer ended with an error; its log says why."""


def trainer(arguments: Sequence[str], log: Path) -> None:
    """Run `python -m trainer …` with its output in a file.

    Raises:
        CommandFailed: with the end of the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        done = subprocess.run(
            [sys.executable, "-m", "trainer", *arguments],
            stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "160"}, check=False,
        )  # fmt: skip
    if done.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise CommandFailed(f"{' '.join(arguments)}: status {done.returncode}\n--- the end of {log}\n{tail}")


def train(
    arm: Arm, seed: int, *, model: str, data: Path, url: str, folder: Path, settings: Sequence[str]
) -> None:
    """One run; continued where it was broken off, left alone where it is complete.

    Args:
        arm: what is rewarded.
        seed: of the sampling, the order of the questions and the adapter's start.
        model: what it starts from, as `policy.model` takes it.
        data: the training questions.
        url: the reward server.
        folder: of the run; its log is beside it.
        settings: further `key=value`.
    """
    run = RunFolder(folder)
    if run.summary.exists() and json.loads(run.summary.read_text(encoding="utf-8"))["status"] == "complete":
        return
    laid = [
        *arm.settings, f"run.seed={seed}", f"run.output_dir={folder}", f"policy.model={model}",
        f"data.file={data}", f"data.system_prompt={SYSTEM_PROMPT}", f"rewards.url={url}", *settings,
    ]  # fmt: skip
    sets = [word for setting in laid for word in ("--set", setting)]
    resume = ["--resume"] if run.last_checkpoint() else []
    trainer(["train", "--preset", str(PRESET), *sets, *resume], folder.with_suffix(".log"))


def evaluate(
    policies: Sequence[str], *, questions: Path, url: str, folder: Path, sampling: Sequence[str], log: Path
) -> Path:
    """Compare the first policy with the others on questions; returns the report's JSON.

    Args:
        policies: as `--policy` and `--against` take them.
        questions: GRPO records.
        url: the reward server.
        folder: of the evaluation; answers that lie there are used again.
        sampling: options such as `--samples 2`.
        log: gets the output.
    """
    prompt = folder.with_suffix(".system.txt")
    prompt.parent.mkdir(parents=True, exist_ok=True)
    prompt.write_text(SYSTEM_PROMPT, encoding="utf-8")
    first, *others = policies
    against = [word for other in others for word in ("--against", other)]
    trainer(
        [
            "evaluate", "--policy", first, *against, "--questions", str(questions),
            "--system-prompt", str(prompt), "--reward-url", url, "--output-dir", str(folder), *sampling,
        ],
        log,
    )  # fmt: skip
    return folder / "report.json"
