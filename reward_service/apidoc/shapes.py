"""JSON schemas of the OpenAPI document → tables of fields."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reward_service.apidoc.wire import UNKNOWN, Wire

Schema = Mapping[str, Any]
PLAIN = {"integer": "integer", "number": "number", "boolean": "true or false", "null": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a table."""

    path: str
    """From the body's root: `items[].prompt`; `*` stands for any name."""
    type: str
    """In words, with limits and, where another table describes it, a link."""
    default: str
    """`required`, a JSON value, or a dash."""
    doc: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A model that has a table of its own."""

    name: str
    doc: str
    fields: tuple[Field, ...]


class Shapes:
    """The models of an OpenAPI document.

    A model that one place uses is described there, field by field; one that several use, or that is one of
    several forms of a field, has a table of its own, to which they link.

    Args:
        document: the OpenAPI document.
        wire: docstrings and defaults.
    """

    def __init__(self, document: Schema, wire: Wire) -> None:
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self._wire = wire
        self._uses = Counter(_references(document))

    def body(self, schema: Schema) -> tuple[str, tuple[Field, ...]]:
        """A body: its type in words, and its fields unless a table of their own has them."""
        name = _named(schema)
        if name is None or self._apart(schema):
            return self.type(schema), ()
        return f"`{name}`", tuple(self._fields(name, ""))

    def shared(self) -> list[Shape]:
        """The models with tables of their own, by name."""
        return [
            Shape(name, _line(schema.get("description")), tuple(self._fields(name, "")))
            for name, schema in sorted(self._schemas.items())
            if "properties" in schema and self._uses[name] > 1
        ]

    def field(self, schema: Schema, path: str, *, required: bool) -> Field:
        """A parameter as a row."""
        return Field(path, self.type(schema), _default(schema, required), _line(schema.get("description")))

    def type(self, schema: Schema) -> str:
        """A schema in words."""
        match schema:
            case {"$ref": reference}:
                name = reference.rsplit("/", 1)[1]
                target = self._schemas[name]
                if "properties" in target:
                    return f"[`{name}`](#{name.lower()})" if self._apart(schema) else "object"
                return self.type(target)
            case {"anyOf": forms} | {"oneOf": forms}:
                return _listed(list(dict.fromkeys(word for form in forms for word in self._forms(form))))
            case {"enum": _} | {"const": _}:
                return _listed(self._forms(schema))
            case {"type": "string"}:
                text = {"date-time": "time (ISO 8601)"}.get(schema.get("format", ""), "string")
                return text + _limits(schema, "minLength", "maxLength", " characters")
            case {"type": "array", "prefixItems": items}:
                return f"[{', '.join(self.type(item) for item in items)}]"
            case {"type": "array"}:
                return f"list of {self._plural(schema.get('items', {}))}" + _limits(
                    schema, "minItems", "maxItems", ""
                )
            case {"type": "object", "additionalProperties": Mapping() as values}:
                inner = self.type(values)
                return f"object: name → ({inner})" if " or " in inner else f"object: name → {inner}"
            case {"type": "integer" | "number" as kind}:
                return PLAIN[kind] + _limits(schema, "minimum", "maximum", "")
            case {"type": "object"}:
                return "object"
            case {"type": str(kind)}:
                return PLAIN[kind]
        return "anything"

    def _forms(self, schema: Schema) -> list[str]:
        """The values of an enumeration, each for itself, or else the type."""
        match schema:
            case {"$ref": _} if "enum" in (target := self._schemas[str(_named(schema))]):
                return self._forms(target)
            case {"enum": values}:
                return [f"`{value}`" for value in values]
            case {"const": value}:
                return [f"`{value}`"]
        return [self.type(schema)]

    def _plural(self, schema: Schema) -> str:
        text = self.type(schema)
        return f"{text}s" if text in {"string", "object", "number", "integer"} else text

    def _apart(self, schema: Schema) -> bool:
        """Whether a model's fields stand in a table of its own."""
        return self._uses[str(_named(schema))] > 1

    def _fields(self, owner: str, prefix: str) -> Iterator[Field]:
        model = self._schemas[owner]
        for name, schema in model["properties"].items():
            path = f"{prefix}{name}"
            required = name in model.get("required", ())
            yield Field(
                path, self.type(schema), self._given(owner, name, schema, required), self._doc(owner, name)
            )
            inner, step = _inside(schema)
            if inner is not None and "properties" in self._schemas[inner] and self._uses[inner] == 1:
                yield from self._fields(inner, f"{path}{step}.")

    def _given(self, owner: str, name: str, schema: Schema, required: bool) -> str:
        made = self._wire.default(owner, name)
        if made is UNKNOWN or "default" in schema:
            return _default(schema, required)
        return _json(made)

    def _doc(self, owner: str, name: str) -> str:
        """A field's docstring, or else its model's, and what the members of its enumeration mean."""
        schema = self._schemas[owner]["properties"][name]
        inner, _ = _inside(schema)
        target = self._schemas.get(inner or "", {})
        own = schema.get("description") or self._wire.doc(owner, name) or target.get("description")
        said = [_line(own)]
        if inner is not None and "enum" in target:
            members = self._wire.members(inner, target["enum"])
            said += [f"{'; '.join(members)}."] if members else []
        return " ".join(part for part in said if part)


def _inside(schema: Schema) -> tuple[str | None, str]:
    """The model or enumeration that a field holds, and the step that leads into it; null is left out."""
    match schema:
        case {"$ref": _}:
            return _named(schema), ""
        case {"allOf": [one]}:
            return _inside(one)
        case {"anyOf": forms}:
            others = [form for form in forms if form.get("type") != "null"]
            return _inside(others[0]) if len(others) == 1 else (None, "")
        case {"type": "array", "items": items} if "$ref" in items:
            return _named(items), "[]"
        case {"additionalProperties": {"$ref": _} as values}:
            return _named(values), ".*"
    return None, ""


def _references(node: Any, several: bool = False) -> Iterator[str]:
    """Every model that something refers to, twice where it is one of several forms of a field."""
    if isinstance(node, list):
        for each in node:
            yield from _references(each, several)
    elif isinstance(node, Mapping):
        if "$ref" in node:
            name = str(_named(node))
            yield from [name, name] if several else [name]
        for key, each in node.items():
            forms = [form for form in each if form.get("type") != "null"] if key == "anyOf" else []
            yield from _references(each, len(forms) > 1 or (several and key in {"items", "anyOf"}))


def _named(schema: Schema) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else str(reference).rsplit("/", 1)[1]


def _default(schema: Schema, required: bool) -> str:
    if required:
        return "required"
    return _json(schema["default"]) if "default" in schema else "–"


def _json(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _limits(schema: Schema, least: str, most: str, unit: str) -> str:
    words = []
    if "exclusiveMinimum" in schema:
        words.append(f"over {schema['exclusiveMinimum']:,g}")
    if schema.get(least):
        words.append(f"at least {schema[least]:,g}{unit}")
    if most in schema:
        words.append(f"at most {schema[most]:,g}{unit}")
    return f" ({', '.join(words)})" if words else ""


def _line(text: str | None) -> str:
    """A text as one cell, which speaks JSON where the code speaks Python."""
    return re.sub(r"\bNone\b", "`null`", " ".join((text or "").split())).replace("|", "\\|")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
