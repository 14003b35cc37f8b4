"""`models`: which models would be loaded, from where, and whether their files are the vetted ones."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reward_service.errors import ModelUnavailable
from reward_service.models.vetted import verify_package
from reward_service.settings import Settings

NAME = "models"
HELP = "say which models would be loaded, from where, and whether verified"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from."""

    role: str
    name: str
    source: str
    state: str
    """`verified …`, `not verified …`, or what is wrong."""
    usable: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def job(parsed: argparse.Namespace) -> None:
    """What the arguments say: nothing."""


def run(job: None, settings: Settings, console: Console) -> int:  # noqa: ARG001 (every command has a job)
    """Print a table of the settings' models; nothing is loaded or downloaded.

    Returns:
        1 if a model is known to be missing or is not the vetted one, else 0.
    """
    table = Table(title=f"the {settings.models} pack")
    for heading in ("role", "model", "from", "state"):
        table.add_column(heading, overflow="fold")
    found = origins(settings)
    for origin in found:
        colour = "" if origin.usable else "red"
        table.add_row(origin.role, origin.name, origin.source, origin.state, style=colour)
    console.print(table)
    return 0 if all(origin.usable for origin in found) else 1


def origins(settings: Settings) -> list[Origin]:
    """Where each model of the settings comes from, in the order annotator, embedder, NLI."""
    from reward_service.models.annotator import DEFAULT_PACKAGE
    from reward_service.models.nli import EMBEDDED_FOLDER
    from reward_service.models.pack import EMBEDDED, FULL_EMBEDDER, FULL_NLI, MINILM_PACKAGE

    full = settings.models == "full"
    spacy_model = settings.spacy_model or DEFAULT_PACKAGE
    embedder = settings.embedding_model or (FULL_EMBEDDER if full else EMBEDDED)
    nli = settings.nli_model or (FULL_NLI if full else EMBEDDED)
    return [
        _package("annotator", spacy_model)
        if spacy_model == DEFAULT_PACKAGE
        else Origin("annotator", spacy_model, "installed spaCy package or folder", "not verified"),
        _package("embedder", MINILM_PACKAGE) if embedder == EMBEDDED else _named("embedder", embedder),
        _own_nli(MINILM_PACKAGE, EMBEDDED_FOLDER) if nli == EMBEDDED else _named("nli", nli),
    ]


def _package(role: str, package: str) -> Origin:
    try:
        found = verify_package(package)
    except ModelUnavailable as error:
        return Origin(role, package, "PyPI", str(error), usable=False)
    return Origin(role, found.requirement, f"PyPI, in {found.folder}", "verified by SHA-256")


def _named(role: str, name: str) -> Origin:
    if Path(name).expanduser().is_dir():
        return Origin(role, name, "folder", "not verified")
    return Origin(role, name, "model hub, or its cache", "not verified; looked up at the start")


def _own_nli(base: str, folder: Path) -> Origin:
    """Our own weights come with the repository, and need the vetted MiniLM below them."""
    below = _package("nli", base)
    name = f"{folder.name} on {below.name}"
    if not below.usable:
        return Origin("nli", name, below.source, below.state, usable=False)
    if not list(folder.glob("*.safetensors")):
        return Origin(
            "nli", name, str(folder), "the weights are missing; check out the repository again", usable=False
        )
    return Origin("nli", name, str(folder), "comes with the code; its base is verified by SHA-256")
