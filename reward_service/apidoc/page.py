"""docs/api.md: the template filled with routes, shapes and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reward_service.api.convert import CONTEXT_TEXTS
from reward_service.api.metrics import Metrics
from reward_service.apidoc import tables
from reward_service.apidoc.routes import Words, pretty, routes
from reward_service.apidoc.shapes import Shapes
from reward_service.apidoc.wire import Wire
from reward_service.errors import ConfigurationError
from shared.schema import MAX_PASSAGES

HERE = Path(__file__).parent


def api_page(document: dict[str, Any]) -> str:
    """The documentation of an OpenAPI document as Markdown; the same document gives the same text.

    Raises:
        ConfigurationError: `words.yaml` speaks of a route or an error that there isn't.
        jinja2.UndefinedError: the template asks for what there isn't.
    """
    said = _said()
    shapes = Shapes(document, Wire())
    errors = tables.error_rows(said["errors"])
    _require(said["errors"].keys() - {row.code for row in errors}, "errors")
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown of our own; nothing of it comes from outside
    )
    return environment.get_template("api.md.j2").render(
        routes=routes(document, shapes, api_words(document)),
        shapes=shapes.shared(),
        errors=errors,
        example_error=pretty(said["example_error"]),
        rewards=tables.rewards(),
        limits=tables.limits(),
        deadlines=tables.deadlines(),
        metrics=tables.metrics(Metrics().registry),
        max_passages=MAX_PASSAGES,
        context_texts=CONTEXT_TEXTS,
    )


def api_words(document: dict[str, Any]) -> dict[str, Words]:
    """What `words.yaml` says of the document's routes, by `POST /score`.

    Raises:
        ConfigurationError: it speaks of a route that there isn't.
    """
    words = {name: Words(**each) for name, each in _said()["routes"].items()}
    existing = {
        f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations
    }
    _require(words.keys() - existing, "routes")
    return words


def _said() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    return said


def _require(unknown: set[str], section: str) -> None:
    if unknown:
        raise ConfigurationError(f"words.yaml, {section}: there is no {', '.join(sorted(unknown))}")
