"""`openapi`: writes or checks what the documentation takes from the code."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from reward_service.apidoc import api_page
from reward_service.app import openapi_document
from reward_service.settings import Settings, variables

NAME = "openapi"
HELP = "write docs/openapi.json, docs/settings.md and docs/api.md"
DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Job:
    """Whether the pages are only compared, and where they are."""

    check: bool
    docs: Path = DOCS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--check", action="store_true", help="change nothing, fail if they differ")


def job(parsed: argparse.Namespace) -> Job:
    """What the arguments say."""
    return Job(parsed.check)


def run(job: Job, settings: Settings, console: Console) -> int:  # noqa: ARG001 (every command is given them)
    """Write docs/openapi.json, docs/settings.md and docs/api.md, or only compare them.

    Returns:
        1 if the check finds a difference, else 0.
    """
    differ = False
    for path, text in pages(job.docs).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if job.check:
            differ = True
            console.print(f"{path} is not what the code says; `python -m reward_service openapi` writes it")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            console.print(f"wrote {path}")
    return 1 if differ else 0


def pages(docs: Path = DOCS) -> dict[Path, str]:
    """The generated pages, by path."""
    document = openapi_document()
    return {
        docs / "openapi.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        docs / "settings.md": settings_page(),
        docs / "api.md": api_page(document),
    }


def settings_page() -> str:
    """Every setting in a table: variable, default and the docstring below the field."""
    rows = []
    for name, variable in variables().items():
        field = Settings.model_fields[name]
        default = "–" if field.default in (None, ()) else f"`{_shown(field.default)}`"
        shown = f"`{variable}`" + (", `PORT`" if name == "port" else "")
        rows.append(f"| {shown} | {default} | {_line(field.description)} |")
    return "\n".join([_HEAD, *rows, _FOOT])


def _line(description: str | None) -> str:
    """A docstring of several lines as one cell."""
    return " ".join((description or "").split()).replace("|", "/")


def _shown(default: object) -> str:
    if isinstance(default, SecretStr):  # a default that stands in the code is no secret
        return default.get_secret_value()
    return str(default).lower() if isinstance(default, bool) else str(default)


_HEAD = """# Settings of the reward server

<!-- Generated from reward_service/settings.py by `python -m reward_service openapi`; edit its docstrings. -->

Settings come from the environment and never change while the server runs. An empty variable counts as not
set. A `REWARD_…` variable that is no setting but nearly spells one stops the start, and the error names
both (so `REWARD_API_KEY` never leaves a server open); one that resembles none is logged as a warning and
ignored.

| variable | default | meaning |
|---|---|---|"""

_FOOT = """
## Who may connect

Without `REWARD_API_KEYS` the server listens on loopback only. To listen elsewhere, set keys, or say
`REWARD_ALLOW_PUBLIC_WITHOUT_KEY=true` on a private network; otherwise the start stops with an error that
says so.
Keys are compared in constant time and never printed or logged.
"""
