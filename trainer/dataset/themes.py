"""Which theme a record belongs to, by the model card beside the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

CARD = "MODEL_CARD.yaml"


class _Theme(BaseModel):
    theme: str
    first_line: int
    last_line: int


class _Composition(BaseModel):
    pairs: int
    themes: list[_Theme]


class _Card(BaseModel):
    composition: _Composition


@dataclass(frozen=True, slots=True)
class Themes:
    """The theme of each record in order, or why there are none."""

    names: tuple[str, ...] | None
    note: str


def themes_beside(path: Path, records: int) -> Themes:
    """Read the card in the folder of a data set, or in the one above it.

    A card counts only if it speaks of as many records as there are and gives every line one theme: the themes
    of another file would be a guess.
    """
    for folder in (path.parent, path.absolute().parent.parent):
        card = folder / CARD
        if card.is_file():
            return _read(card, records)
    return Themes(None, f"no {CARD} beside the file")


def _read(path: Path, records: int) -> Themes:
    try:
        composition = _Card.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).composition
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        return Themes(None, f"{path} names no themes that can be read ({type(error).__name__})")
    if composition.pairs != records:
        return Themes(None, f"{path} speaks of {composition.pairs} records, and the file has {records}")
    names = _by_line(composition.themes, records)
    if names is None:
        return Themes(None, f"{path} does not give every line one theme")
    return Themes(names, f"themes of {path}")


def _by_line(themes: Sequence[_Theme], records: int) -> tuple[str, ...] | None:
    names: list[str] = []
    for theme in sorted(themes, key=lambda theme: theme.first_line):
        if theme.first_line != len(names) + 1 or theme.last_line < theme.first_line:
            return None
        names += [theme.theme] * (theme.last_line - len(names))
    return tuple(names) if len(names) == records else None
