"""The routes of the OpenAPI document, each with an example request as a curl line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reward_service.apidoc.shapes import Field, Schema, Shapes

METHODS = ("get", "post", "put", "patch", "delete")
URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Words:
    """What `words.yaml` says of a route: an example, and what no docstring holds."""

    request: Any = None
    """The body of the example request."""
    query: str = ""
    """Its query string."""
    answer: Any = None
    """An answer to it."""
    note: str = ""
    """Markdown."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query, with its row."""

    place: str
    field: Field


@dataclass(frozen=True, slots=True)
class Route:
    """One operation."""

    method: str
    path: str
    summary: str
    doc: str
    keyed: bool
    """Whether it wants a key where the server has any."""
    parameters: tuple[Parameter, ...]
    request: tuple[str, tuple[Field, ...]] | None
    """Type and fields of the body; None without one."""
    status: str
    """Of the answer."""
    answer: tuple[str, tuple[Field, ...]]
    refusals: tuple[str, ...]
    """The other documented statuses."""
    curl: str
    example_answer: str
    note: str

    @property
    def name(self) -> str:
        """Such as `POST /score`."""
        return f"{self.method} {self.path}"

    @property
    def anchor(self) -> str:
        """Of its heading, as Markdown's viewers make it."""
        kept = (letter for letter in self.name.lower() if letter.isalnum() or letter in " -_")
        return "".join(kept).replace(" ", "-")


def routes(document: Schema, shapes: Shapes, words: Mapping[str, Words]) -> list[Route]:
    """Every operation of the document, in its order.

    Args:
        document: the OpenAPI document.
        shapes: its models.
        words: by route (`POST /score`); a route without any gets an example made from its schema.
    """
    return [
        _route(method, path, operation, document, shapes, words.get(f"{method.upper()} {path}", Words()))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def _route(
    method: str, path: str, operation: Schema, document: Schema, shapes: Shapes, words: Words
) -> Route:
    body = _content(operation.get("requestBody", {}))
    answers = operation["responses"]
    status = next(status for status in answers if status.startswith("2"))
    example = words.request
    if body is not None and example is None:
        example = made_up(body, document)
    return Route(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        doc=re.sub(" {2,}", " ", operation.get("description", "")),
        keyed=bool(operation.get("security")),
        parameters=tuple(_parameters(operation, shapes)),
        request=None if body is None else shapes.body(body),
        status=status,
        answer=_answer(answers[status], shapes),
        refusals=tuple(sorted(other for other in answers if other != status)),
        curl=_curl(method.upper(), path + words.query, example, keyed=bool(operation.get("security"))),
        example_answer="" if words.answer is None else pretty(words.answer),
        note=words.note.strip(),
    )


def _parameters(operation: Schema, shapes: Shapes) -> Iterator[Parameter]:
    for each in operation.get("parameters", ()):
        schema = {**each.get("schema", {}), "description": each.get("description") or ""}
        field = shapes.field(schema, each["name"], required=each.get("required", False))
        yield Parameter(each["in"], field)


def _answer(response: Schema, shapes: Shapes) -> tuple[str, tuple[Field, ...]]:
    schema = _content(response)
    if schema is None:
        return "no body", ()
    if "application/json" in response["content"]:
        return shapes.body(schema)
    return f"`{next(iter(response['content']))}`", ()


def _content(message: Schema) -> Schema | None:
    """The schema of a body, whatever its type."""
    for content in message.get("content", {}).values():
        schema: Schema = content.get("schema", {})
        return schema
    return None


def _curl(method: str, target: str, body: Any, *, keyed: bool) -> str:
    """A line for a shell; `$KEY` and `{…}` of the path stand for the reader's own."""
    words = ["curl -s"]
    if method not in {"GET", "POST"} or (method == "POST" and body is None):
        words.append(f"-X {method}")
    url = f"{URL}{target}".replace("{", "$").replace("}", "").replace("$id", "$ID")
    words.append(f'"{url}"' if "$" in url or "?" in url else url)
    if keyed:
        words.append('-H "Authorization: Bearer $KEY"')
    if body is None:
        return " ".join(words)
    quoted = pretty(body).replace("'", "'\\''")
    return f"{' '.join(words)} \\\n  -H 'Content-Type: application/json' -d '{quoted}'"


def made_up(schema: Schema, document: Schema) -> Any:
    """A value that a schema allows, with no more than it requires."""
    match schema:
        case {"$ref": str(reference)}:
            return made_up(document["components"]["schemas"][reference.rsplit("/", 1)[1]], document)
        case {"default": value} | {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [form, *_]} | {"oneOf": [form, *_]}:
            return made_up(form, document)
        case {"type": "object"}:
            properties = schema.get("properties", {})
            return {name: made_up(properties[name], document) for name in schema.get("required", ())}
        case {"type": "array"}:
            return [made_up(schema["items"], document)] * max(1, schema.get("minItems", 1))
        case {"type": "string"}:
            return "…" * max(1, schema.get("minLength", 1))
        case {"type": "integer" | "number"}:
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case {"type": "boolean"}:
            return True
    return None


def pretty(value: Any, indent: int = 0) -> str:
    """JSON in which whatever fits on a line of 110 characters stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= 110 or not isinstance(value, (dict, list)) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {pretty(each, indent + 2)}"
            for key, each in value.items()
        ]
        opening, closing = "{", "}"
    else:
        parts = [f"{inner}{pretty(each, indent + 2)}" for each in value]
        opening, closing = "[", "]"
    return f"{opening}\n" + ",\n".join(parts) + f"\n{' ' * indent}{closing}"
