"""A lexicon's YAML: what it may hold, and errors that name the file, the place in it and the value."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from reward_service.errors import ConfigurationError

FOLDER = Path(__file__).parent
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LexiconEntry(_Model):
    """One entry: its canonical phrase and how it may vary."""

    phrase: Phrase
    lemma: bool = False
    """Also matched inflected as a noun; then a verb is never matched."""
    variants: list[Phrase] = []
    """Other wordings of the same entry."""


def _entry(value: object) -> object:
    return {"phrase": value} if isinstance(value, str) else value


Sections = dict[str, list[Annotated[LexiconEntry, BeforeValidator(_entry)]]]
"""Category → entries."""


class LexiconFile(_Model):
    """The whole file; see `marxist.yaml` for what each section means."""

    name: Phrase
    spellings: dict[str, Phrase] = {}
    terms: Annotated[Sections, Field(min_length=1)]
    equivalences: list[Annotated[list[Phrase], Field(min_length=2)]] = []
    discourse_connectives: Sections
    explanatory_phrases: Sections
    hollow_buzzwords: Sections
    depth_markers: dict[str, list[Phrase]]
    theorists: list[Phrase] = []
    says: list[Phrase] = []
    works: list[Phrase] = []
    question_words: list[Phrase] = []


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice; plain YAML would silently drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key!r} is given twice", problem_mark=node.start_mark
                )
        return super().construct_mapping(node, deep)


def find(name_or_path: str | Path) -> Path:
    """The file of a lexicon: a name such as `marxist` of this folder, or a path.

    Raises:
        ConfigurationError: there is no such file.
    """
    given = str(name_or_path)
    is_name = isinstance(name_or_path, str) and "/" not in given and not given.endswith((".yaml", ".yml"))
    path = FOLDER / f"{given}.yaml" if is_name else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        raise ConfigurationError(
            f"no lexicon {given!r}: name one of {known}, or give the path of a YAML file"
        )
    return path


def parse(path: Path, data: bytes) -> LexiconFile:
    """Check a lexicon's YAML.

    Raises:
        ConfigurationError: names the file, the path in the file and the value.
    """
    try:
        content = yaml.load(data, Loader=_UniqueKeyLoader)  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no YAML: {error}", where=str(path)) from error
    try:
        return LexiconFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigurationError(
            f"{path}: {place}: {first['input']!r:.200}: {first['msg']}", where=place
        ) from error
