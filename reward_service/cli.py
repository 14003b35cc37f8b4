"""The command line: `serve`, `score FILE`, `audit`, `nli-eval FILE`, `calibrate`, `models`, `openapi`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from reward_service import __version__
from reward_service.commands import audit, calibrate, models, nli_eval, openapi, score, serve
from reward_service.errors import TouchstoneError
from reward_service.settings import load_settings
from shared.client_errors import RewardClientError
from shared.integrity import IntegrityError
from shared.schema import DEFAULT_REWARD, Detail

AUDITED = (DEFAULT_REWARD, "full_coherence_smooth_reward")
"""What `audit` looks at where nothing else is said."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: of the command line; the process's own where they are None.

    Returns:
        The exit status: 0, 1 after an error that has been said, 130 after an interrupt.
    """
    parsed = _parser().parse_args(arguments)
    # What a person reads goes to stderr, so that stdout carries nothing but results.
    console = Console(stderr=True)
    try:
        return _run(parsed, console)
    except (TouchstoneError, RewardClientError, IntegrityError, OSError) as error:
        console.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(parsed: argparse.Namespace, console: Console) -> int:
    match parsed.command:
        case "serve":
            settings = load_settings(host=parsed.host, port=parsed.port)
            _log(settings.log_level, console)
            return serve.run(settings, console)
        case "score":
            job = score.Job(
                file=parsed.file,
                out=parsed.out,
                rewards=tuple(parsed.reward or (DEFAULT_REWARD,)),
                detail=Detail(parsed.detail),
                url=parsed.url,
            )
            settings = load_settings()
            _log(settings.log_level, console)
            return score.run(job, settings, console)
        case "audit":
            inquiry = audit.Job(
                dataset=parsed.dataset,
                answers=parsed.answers,
                rewards=tuple(dict.fromkeys(parsed.reward or AUDITED)),
                sample=parsed.sample,
                seed=parsed.seed,
                url=parsed.url,
                require=tuple(parsed.require),
                out=parsed.out,
            )
            return audit.run(inquiry, load_settings(), console)
        case "nli-eval":
            return nli_eval.run(nli_eval.Job(parsed.file, parsed.json), load_settings(), console)
        case "calibrate":
            order = calibrate.Job(
                dataset=parsed.dataset,
                variants=parsed.variants,
                pairs=parsed.pairs,
                out=parsed.out,
                questions=parsed.questions,
                seed=parsed.seed,
            )
            return calibrate.run(order, load_settings(), console)
        case "models":
            return models.run(load_settings(), console)
        case _:
            return openapi.run(console, check=parsed.check)


def _log(level: str, console: Console) -> None:
    if console.is_terminal:
        handler: logging.Handler = RichHandler(console=console, show_path=False)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:  # a log file has no width to wrap lines at
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for chatty in ("uvicorn", "httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reward_service",
        description="The reward server.  Settings come from REWARD_… variables; see docs/settings.md.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("serve", help="load the models and answer requests")
    command.add_argument("--host", help="the address to listen on (REWARD_HOST)")
    command.add_argument("--port", type=int, help="the port; 0 takes a free one (REWARD_PORT or PORT)")

    command = commands.add_parser("score", help="score a JSONL file")
    command.add_argument(
        "file",
        type=Path,
        help="lines of prompt, completion, reference, or of instruction, response; - is stdin",
    )
    command.add_argument(
        "-o", "--out", type=Path, help="where the results go, a line each; stdout by default"
    )
    command.add_argument("--reward", action="append", help=f"may be repeated; {DEFAULT_REWARD} by default")
    command.add_argument("--detail", choices=[str(detail) for detail in Detail], default=str(Detail.SCORES))
    command.add_argument("--url", help="a running server; without it the models are loaded here")

    command = commands.add_parser("audit", help="pit honest answers against attacks under a reward")
    _add_dataset(command)
    command.add_argument(
        "--answers",
        type=Path,
        help="answers that people wrote: lines of instruction, kind (paraphrase, reversal or hollow), answer",
    )
    command.add_argument(
        "--reward", action="append", help=f"may be repeated; {' and '.join(AUDITED)} by default"
    )
    command.add_argument("--sample", type=_positive, help="at most this many questions, drawn by the seed")
    command.add_argument("--seed", type=int, default=20261)
    command.add_argument("--url", help="a running server; without it the models are loaded here")
    command.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="FIGURE>=NUMBER",
        help="exit with status 1 where it is missed, such as win_rate>=0.97, win_rate.reversal>=0.93, "
        "zero_spread<=0.05; may be repeated",
    )
    command.add_argument(
        "-o", "--out", type=Path, default=Path("runs/audit"), help="folder for audit.json and audit.html"
    )

    command = commands.add_parser("nli-eval", help="measure the NLI model on labelled pairs")
    command.add_argument(
        "file",
        type=Path,
        help="lines of premise, hypothesis, label (entailment, neutral, contradiction or not_entailment) "
        "and, if you like, phenomenon",
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")

    command = commands.add_parser("calibrate", help="choose temperature and thresholds for the NLI model")
    _add_dataset(command)
    command.add_argument(
        "--variants",
        type=Path,
        help="hand-written answers: lines of instruction, kind (paraphrase, reversal or hollow), answer",
    )
    command.add_argument(
        "--pairs",
        type=Path,
        default=calibrate.OWN_DEV_PAIRS,
        help="labelled pairs to fit the temperature on; training_data/nli/dev.jsonl by default",
    )
    command.add_argument(
        "-o", "--out", type=Path, help="where it is written; calibration.json beside the weights by default"
    )
    command.add_argument(
        "--questions",
        type=int,
        default=calibrate.QUESTIONS,
        help="at most this many questions, drawn by the seed",
    )
    command.add_argument("--seed", type=int, default=20261)

    commands.add_parser("models", help="say which models would be loaded, from where, and whether verified")

    command = commands.add_parser("openapi", help="write docs/openapi.json and docs/settings.md")
    command.add_argument("--check", action="store_true", help="change nothing, fail if they differ")
    return parser


def _add_dataset(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dataset",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="questions and reference answers: lines of instruction, response",
    )


def _positive(text: str) -> int:
    """A whole number of 1 or more; argparse says what is wrong with any other text."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value
