"""The command line: `train`, `demo`, `data build`, `data validate`."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from shared.client_errors import RewardClientError
from shared.integrity import IntegrityError
from trainer.dataset.load import DatasetError, load_any
from trainer.dataset.transform import build
from trainer.policy import PolicyUnavailable, is_local
from trainer.runfolder import RunFolderError
from trainer.settings import ENVIRONMENT, Settings, SettingsError, load_settings
from trainer.stopping import Stopped

DATA = Path("training_data")
RESUMABLE = 3
"""The exit status of a run that stopped with a checkpoint."""
SAID = (
    DatasetError,
    IntegrityError,
    OSError,
    PolicyUnavailable,
    RewardClientError,
    RunFolderError,
    SettingsError,
)
"""What a person can mend: the message is enough."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; the process's own where they are None.

    Returns:
        0; 1 after an error that has been said; 3 where a run stopped with a checkpoint; 128 + n after
        signal n before there was anything to save.
    """
    parsed = _parser().parse_args(arguments)
    console = Console()
    try:
        return _run(parsed, console)
    except SAID as error:
        console.print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True, highlight=False)
        return 1
    except Stopped as error:
        console.print(f"{error}; nothing was begun that needs saving", soft_wrap=True)
        return 128 + error.number


def _run(parsed: argparse.Namespace, console: Console) -> int:
    match parsed.command:
        case "data build":
            built = build(parsed.input, parsed.system_prompt, parsed.output_dir)
            console.print(
                f"{built.pairs} pairs → {', '.join(map(str, built.files))}", soft_wrap=True, highlight=False
            )
            return 0
        case "data validate":
            schema, records = load_any(parsed.file)
            console.print(
                f"{parsed.file}: {len(records)} good records of the {schema} schema", soft_wrap=True
            )
            return 0
        case "demo":
            from trainer.demo import demo

            _quiet(console, offline=True)
            return demo(console, parsed.output_dir, parsed.set)
        case _:
            return _train(parsed, console)


def _train(parsed: argparse.Namespace, console: Console) -> int:
    overrides = list(parsed.set)
    if parsed.reward_url:
        overrides.append(f"rewards.url={parsed.reward_url}")
    if parsed.output_dir:
        overrides.append(f"run.output_dir={parsed.output_dir}")
    settings = load_settings(parsed.preset, overrides, os.environ)
    _quiet(console, offline=is_local(settings.policy))
    return run_training(
        settings, console, resume=parsed.resume, again=resume_command(parsed.preset, overrides)
    )


def run_training(settings: Settings, console: Console, *, resume: bool, again: str) -> int:
    """Train; where the run stops with a checkpoint, say how to go on.

    Args:
        again: the command that continues the run.

    Returns:
        The exit status.
    """
    from trainer.train import RunStopped, train

    try:
        summary = train(settings, resume=resume, console=console)
    except RunStopped as stopped:
        console.print(f"[bold yellow]{escape(str(stopped))}", soft_wrap=True, highlight=False)
        console.print(f"Continue with:\n  {again}", soft_wrap=True, highlight=False, markup=False)
        return RESUMABLE
    console.print(
        f"adapter: {summary['adapter']}\nsummary: {settings.run.output_dir / 'summary.json'}", highlight=False
    )
    return 0


def resume_command(preset: str, overrides: Sequence[str]) -> str:
    """The command that continues a run; what the environment set is spelt out, except the key."""
    laid = [f"{key}={os.environ[name]}" for name, key in ENVIRONMENT.items() if os.environ.get(name)]
    given = [override for override in laid if not override.startswith("rewards.api_key=")]
    sets = [word for override in [*given, *overrides] for word in ("--set", override)]
    return shlex.join(["python", "-m", "trainer", "train", "--preset", preset, *sets, "--resume"])


def _quiet(console: Console, *, offline: bool) -> None:
    """Before the libraries are imported: keep their bars and advice out, our own lines are the progress.

    OpenMP's threads wait by spinning, which takes the cores from the reward server beside us: on two shared
    cores that made generating six times as slow.
    """
    for name, value in {
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        **({"HF_HUB_OFFLINE": "1"} if offline else {}),
    }.items():
        os.environ.setdefault(name, value)
    handler = RichHandler(console=console, show_path=False, show_level=False, show_time=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="The GRPO trainer.")
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("train", help="train a policy; rewards come from the reward server")
    command.set_defaults(command="train")
    command.add_argument(
        "--preset", default="cpu-demo", help="a file in trainer/presets, or a path (default: %(default)s)"
    )
    command.add_argument("--reward-url", help="the reward server (rewards.url)")
    command.add_argument("--output-dir", help="where the run writes (run.output_dir)")
    command.add_argument("--resume", action="store_true", help="continue from the last checkpoint there")
    _add_set(command)

    command = commands.add_parser(
        "demo", help="the main job here: a reward server of its own, and a short run"
    )
    command.set_defaults(command="demo")
    command.add_argument("--output-dir", type=Path, default=Path("runs/demo"), help="(default: %(default)s)")
    _add_set(command)

    data = commands.add_parser("data", help="training data").add_subparsers(required=True, metavar="command")
    command = data.add_parser("build", help="curated pairs → the formats that training reads")
    command.set_defaults(command="data build")
    command.add_argument(
        "--input", type=Path, default=DATA / "curated_qa.jsonl", help="(default: %(default)s)"
    )
    command.add_argument("--output-dir", type=Path, default=DATA, help="(default: %(default)s)")
    command.add_argument(
        "--system-prompt",
        type=Path,
        default=DATA / "system_prompt.txt",
        help="a text file (default: %(default)s)",
    )
    command = data.add_parser(
        "validate", help="check a data set; names file, line and field of what is wrong"
    )
    command.set_defaults(command="data validate")
    command.add_argument("file", type=Path)
    return parser


def _add_set(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, such as run.steps=10; may be repeated",
    )
