"""What the OpenAPI document leaves out: the docstrings below fields and members, and made defaults."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from shared import check_schema, schema, schema_base

UNKNOWN = object()
"""Stands for a default that there isn't; None is one."""


class Wire:
    """The models and enumerations of modules, asked by their names.

    Args:
        modules: where they are defined.
    """

    def __init__(self, modules: Sequence[ModuleType] = (schema, check_schema, schema_base)) -> None:
        self._modules = tuple(modules)

    def doc(self, owner: str, name: str) -> str:
        """The docstring below a field or a member as one line; empty where there is none."""
        return self._docs.get((owner, name), "")

    def members(self, enumeration: str, values: list[Any]) -> list[str]:
        """Those members of an enumeration that have a docstring, as "`value`: what it says"."""
        told = ((value, self.doc(enumeration, str(value).upper())) for value in values)
        return [f"`{value}`: {_lower(doc)}" for value, doc in told if doc]

    def default(self, owner: str, name: str) -> Any:
        """What a field holds where it is not given; `UNKNOWN` where it must be."""
        found = (getattr(module, owner, None) for module in self._modules)
        model = next((one for one in found if one is not None), None)
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return UNKNOWN
        field = model.model_fields.get(name)
        if field is None or field.is_required():
            return UNKNOWN
        return field.get_default(call_default_factory=True, validated_data={})

    @cached_property
    def _docs(self) -> dict[tuple[str, str], str]:
        sources = (ast.parse(inspect.getsource(module)) for module in self._modules)
        return dict(chain.from_iterable(map(_docstrings, sources)))


def _docstrings(module: ast.Module) -> Iterator[tuple[tuple[str, str], str]]:
    """(class, attribute) → the string that stands below the attribute."""
    for owner in module.body:
        if not isinstance(owner, ast.ClassDef):
            continue
        for above, below in zip(owner.body, owner.body[1:], strict=False):
            match above, below:
                case (
                    (ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield (owner.name, name), " ".join(text.split())


def _lower(sentence: str) -> str:
    """A sentence as a part of another one; an abbreviation stays as it is."""
    first, rest = sentence[:1], sentence[1:].removesuffix(".")
    return (first.lower() if rest[:1].islower() or rest[:1] == " " else first) + rest
