"""Loads recipes from YAML, works out `same_as`, and finds every mistake before the server starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reward_service.composite import Gate, Name, Number, Recipe
from reward_service.errors import ConfigurationError


class RecipeFile(BaseModel):
    """A recipe as it is written: gates and a sum, or another recipe with some of its parts exchanged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(strict=True, pattern=r"^[a-z][a-z0-9_]*$")
    doc: str = Field(default="", strict=True)
    """What it measures; published by `GET /rewards`."""
    gates: tuple[Gate, ...] = ()
    sum: Mapping[Name, Number] | None = None
    same_as: Name | None = None
    """The recipe whose arithmetic this one has."""
    exchange: Mapping[Name, Name] | None = Field(default=None, alias="with")
    """Part → the part in its place, at whatever depth it stands."""

    @model_validator(mode="after")
    def _complete(self) -> RecipeFile:
        if self.same_as is None:
            if self.exchange is not None:
                raise ValueError("`with` needs `same_as`")
            if not self.sum:
                raise ValueError("`sum` is missing or empty: it decides where no gate holds")
        elif self.gates or self.sum is not None:
            raise ValueError("`same_as` takes the place of `gates` and `sum`")
        elif not self.exchange:
            raise ValueError("`same_as` needs `with`: which part stands in place of which")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The rewards that the file names."""
        if self.same_as is not None:
            return (self.same_as, *(self.exchange or {}).values())
        return Recipe(name=self.name, gates=self.gates, sum=self.sum or {}).parts


def load_recipes(sources: Path | Iterable[Path], functions: Iterable[str]) -> dict[str, Recipe]:
    """Every recipe of folders and files, worked out, each behind the recipes that it reads.

    Args:
        sources: folders (of which all `*.yaml` and `*.yml` files are read) or files.
        functions: names of the reward functions that recipes may read.

    Returns:
        Name → recipe.  A recipe that `same_as` has changed on the way stands under a path-like name such as
        `full_coherence_smooth_reward/robust_coherence_reward`; it is a part, and can't be asked for.

    Raises:
        ConfigurationError: names file and key.
    """
    known = frozenset(functions)
    written: dict[str, tuple[Path, RecipeFile]] = {}
    for path in _files([sources] if isinstance(sources, Path) else sources):
        recipe = _parse(path)
        if recipe.name in known:
            raise _error(path, "name", f"{recipe.name} is the name of a reward function")
        if recipe.name in written:
            raise _error(path, "name", f"{recipe.name} is already defined in {written[recipe.name][0]}")
        written[recipe.name] = (path, recipe)
    recipes: dict[str, Recipe] = {}
    for name in _order(written, known):
        _resolve(*written[name], recipes)
    return recipes


def _files(sources: Iterable[Path]) -> Iterable[Path]:
    for source in sources:
        if source.is_dir():
            yield from sorted(path for path in source.iterdir() if path.suffix in {".yaml", ".yml"})
        elif source.is_file():
            yield source
        else:
            raise ConfigurationError(f"{source}: no such recipe file or folder", where=str(source))


def _parse(path: Path) -> RecipeFile:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not YAML: {error}", where=str(path)) from error
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{path}: a recipe is a mapping with `name` and `sum`", where=str(path))
    try:
        return RecipeFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        # Behind `then`, which may be a number or a name, pydantic adds which of the two it tried.
        place = [str(part) for part in first["loc"]]
        key = ".".join(place[: place.index("then") + 1] if "then" in place else place)
        raise _error(path, key or "recipe", first["msg"].removeprefix("Value error, ")) from error


def _order(written: Mapping[str, tuple[Path, RecipeFile]], functions: frozenset[str]) -> tuple[str, ...]:
    for path, recipe in written.values():
        for key, name in _named(recipe):
            if name not in functions and name not in written:
                raise _error(path, key, f"no reward is named {name}")
        if recipe.same_as is not None and recipe.same_as not in written:
            raise _error(
                path, "same_as", f"{recipe.same_as} is a reward function, and has no arithmetic to take over"
            )
    graph = {
        name: [read for read in recipe.reads if read in written] for name, (_, recipe) in written.items()
    }
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = error.args[1][::-1]  # graphlib lists each behind what it is read by
        path, recipe = written[cycle[0]]
        key = next((key for key, name in _named(recipe) if name == cycle[1]), "sum")
        raise _error(path, key, f"recipes read each other in a circle: {' → '.join(cycle)}") from error


def _named(recipe: RecipeFile) -> Iterable[tuple[str, str]]:
    """Each reward that a file names, with the key under which it does."""
    for index, gate in enumerate(recipe.gates):
        yield f"gates.{index}.if", gate.part
        if isinstance(gate.then, str):
            yield f"gates.{index}.then", gate.then
    yield from ((f"sum.{name}", name) for name in recipe.sum or {})
    if recipe.same_as is not None:
        yield "same_as", recipe.same_as
    for old, new in (recipe.exchange or {}).items():
        yield f"with.{old}", old
        yield f"with.{old}", new


def _resolve(path: Path, written: RecipeFile, recipes: dict[str, Recipe]) -> None:
    """Add a recipe, and the parts that it changes, to those that it reads."""
    if written.same_as is None:
        recipes[written.name] = Recipe(
            name=written.name, doc=written.doc, gates=written.gates, sum=written.sum or {}
        )
        return
    exchange = dict(written.exchange or {})
    used = set[str]()

    def exchanged(name: str) -> str:
        """The name that takes a part's place; a nested recipe that reads the part is copied."""
        if name in exchange:
            used.add(name)
            return exchange[name]
        if name not in recipes or not _reads_any(name, exchange, recipes):
            return name
        copy = f"{written.name}/{name}"
        if copy not in recipes:
            recipes[copy] = rebuilt(recipes[name], copy, recipes[name].doc)
        return copy

    def rebuilt(recipe: Recipe, name: str, doc: str) -> Recipe:
        gates = tuple(
            gate.model_copy(
                update={
                    "part": exchanged(gate.part),
                    "then": exchanged(gate.then) if isinstance(gate.then, str) else gate.then,
                }
            )
            for gate in recipe.gates
        )
        weights: dict[str, float] = {}
        for part, weight in recipe.sum.items():
            if (new := exchanged(part)) in weights:
                raise _error(path, "with", f"{new} would stand twice in the sum of {recipe.name}")
            weights[new] = weight
        return Recipe(name=name, doc=doc, gates=gates, sum=weights)

    result = rebuilt(recipes[written.same_as], written.name, written.doc)
    if unused := sorted(exchange.keys() - used):
        raise _error(path, f"with.{unused[0]}", f"{written.same_as} does not read {unused[0]}")
    recipes[written.name] = result


def _reads_any(name: str, wanted: Mapping[str, str], recipes: Mapping[str, Recipe]) -> bool:
    return any(
        part in wanted or (part in recipes and _reads_any(part, wanted, recipes))
        for part in recipes[name].parts
    )


def _error(path: Path, key: str, message: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {key}: {message}", where=f"{path}: {key}")


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML's loader would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set[str]()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
