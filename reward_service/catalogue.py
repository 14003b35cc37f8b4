"""Every reward that can be asked for: the functions that were found and the recipes that combine them."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reward_service.composite import Range, Recipe, combine, digest, score_range
from reward_service.errors import UnknownReward
from reward_service.lexicons import Lexicon
from reward_service.recipes import load_recipes
from reward_service.rewards import discover
from reward_service.rewards.base import Domain, Reward
from reward_service.types import Score
from shared.schema import RewardInfo

RECIPES = Path(__file__).parent / "recipes"


def build_catalogue(lexicon: Lexicon, recipes_dirs: Sequence[Path] | None = None) -> Catalogue:
    """All reward functions, the recipes that come with the server, and those of further folders.

    Raises:
        ConfigurationError: a recipe is wrong, or two rewards share a name.
    """
    functions = discover(Domain(lexicon))
    return Catalogue(functions, load_recipes([RECIPES, *(recipes_dirs or ())], functions))


class Catalogue:
    """Reward functions and recipes by name; immutable.

    Args:
        functions: name → reward function.
        recipes: name → recipe, each behind the recipes that it reads, as `load_recipes` returns them.
    """

    def __init__(self, functions: Mapping[str, Reward], recipes: Mapping[str, Recipe]) -> None:
        self._functions = dict(functions)
        self._recipes = dict(recipes)
        self._parts: dict[str, tuple[str, ...]] = dict.fromkeys(self._functions, ())
        self._ranges = {
            name: Range(function.low, function.high) for name, function in self._functions.items()
        }
        for name, recipe in self._recipes.items():
            nested = (part for read in recipe.parts for part in (*self._parts[read], read))
            self._parts[name] = tuple(dict.fromkeys(nested))
            self._ranges[name] = score_range(recipe, self._ranges)
        self.names = (*sorted(self._functions), *sorted(name for name in self._recipes if "/" not in name))
        """Every reward that can be asked for, functions first."""

    def parts(self, name: str) -> tuple[str, ...]:
        """Every function and nested recipe below a reward, each behind its own parts; empty for a function.

        Raises:
            UnknownReward: no reward has this name.
        """
        self._check([name])
        return self._parts[name]

    def functions_for(self, names: Sequence[str]) -> tuple[Reward, ...]:
        """The reward functions that have to be scored for some rewards, in a stable order.

        Raises:
            UnknownReward: suggests the closest names.
        """
        self._check(names)
        needed = {part for name in names for part in (name, *self._parts[name])}
        return tuple(self._functions[name] for name in sorted(needed & self._functions.keys()))

    def combine(self, names: Sequence[str], leaf_scores: Mapping[str, Score]) -> dict[str, Score]:
        """The scores of some rewards and of all their parts.

        Args:
            names: rewards that were asked for.
            leaf_scores: name → score of at least each of `functions_for(names)`.

        Returns:
            Name → score: the asked rewards in their order, then the parts.

        Raises:
            UnknownReward: suggests the closest names.
            KeyError: `leaf_scores` lacks a function that is needed.
        """
        self._check(names)
        scores: dict[str, Score] = {}
        for name in dict.fromkeys(part for asked in names for part in (*self._parts[asked], asked)):
            recipe = self._recipes.get(name)
            scores[name] = leaf_scores[name] if recipe is None else combine(recipe, scores)
        return {name: scores[name] for name in (*names, *scores)}

    def undecided(self, names: Sequence[str], known: Mapping[str, Score]) -> frozenset[str]:
        """The functions to score next so that some rewards get decided.

        A recipe's gates are looked at in order, so what a gate makes irrelevant is never asked for.

        Args:
            names: rewards that were asked for.
            known: function → score, as far as they are scored.

        Returns:
            For each reward that is still open, the one function that its arithmetic reads next; empty once
            all of them are decided.
        """
        self._check(names)
        open_ = (self._resolve(name, known) for name in names)
        return frozenset(found for found in open_ if isinstance(found, str))

    def decided(self, names: Sequence[str], known: Mapping[str, Score]) -> dict[str, Score]:
        """The scores of some rewards alone, from the function scores that decide them.

        Raises:
            KeyError: one of them is undecided.
        """
        found = {name: self._resolve(name, known) for name in names}
        missing = [score for score in found.values() if isinstance(score, str)]
        if missing:
            raise KeyError(missing[0])
        return {name: score for name, score in found.items() if isinstance(score, Score)}

    def _resolve(self, name: str, known: Mapping[str, Score]) -> Score | str:
        """A reward's score, or the function that has to be scored before it can be told."""
        recipe = self._recipes.get(name)
        if recipe is None:
            return known.get(name, name)
        try:
            return combine(recipe, _Lazily(self, known))
        except _Undecided as missing:
            return missing.function

    def infos(self) -> list[RewardInfo]:
        """What `GET /rewards` publishes, in the order of `names`."""
        return [
            self._function_info(name) if name in self._functions else self._recipe_info(name)
            for name in self.names
        ]

    @property
    def digest(self) -> str:
        """SHA-256 of the functions' names and lexicon, and of the recipes' arithmetic."""
        functions = [
            [name, function.low, function.high, function.lexicon.digest]
            for name, function in sorted(self._functions.items())
        ]
        return hashlib.sha256(json.dumps([functions, digest(self._recipes.values())]).encode()).hexdigest()

    def _function_info(self, name: str) -> RewardInfo:
        function = self._functions[name]
        return RewardInfo(
            name=name,
            low=function.low,
            high=function.high,
            kind="function",
            needs=sorted(function.reads),
            doc=inspect.getdoc(type(function)) or "",
            deprecated=function.deprecated,
        )

    def _recipe_info(self, name: str) -> RewardInfo:
        low, high = self._ranges[name]
        return RewardInfo(
            name=name,
            low=low,
            high=high,
            kind="recipe",
            needs=sorted({read for function in self.functions_for([name]) for read in function.reads}),
            doc=self._recipes[name].doc.strip(),
            recipe=self._published(name),
        )

    def _published(self, name: str) -> dict[str, Any]:
        """A recipe as its YAML would put it, with the nested recipes that only it has."""
        recipe = self._recipes[name]
        published = recipe.model_dump(mode="json", by_alias=True, exclude={"doc"})
        own = [part for part in self._parts[name] if part.startswith(f"{name}/")]
        return published | ({"nested": [self._published(part) for part in own]} if own else {})

    def _check(self, names: Sequence[str]) -> None:
        for index, name in enumerate(names):
            if name not in self.names:
                close = get_close_matches(name, self.names, n=3, cutoff=0.5)
                hint = f"; did you mean {' or '.join(close)}?" if close else "; GET /rewards lists them all"
                shown = name if len(name) <= 80 else f"{name[:80]}…"
                raise UnknownReward(f"no reward is named {shown!r}{hint}", where=f"rewards.{index}")


class _Undecided(Exception):
    """The arithmetic read a function that is not scored yet."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


class _Lazily(Mapping[str, Score]):
    """The scores that a recipe reads, each made when it is read."""

    def __init__(self, catalogue: Catalogue, known: Mapping[str, Score]) -> None:
        self._catalogue, self._known = catalogue, known

    def __getitem__(self, name: str) -> Score:
        found = self._catalogue._resolve(name, self._known)
        if isinstance(found, str):
            raise _Undecided(found)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalogue.names)

    def __len__(self) -> int:
        return len(self._catalogue.names)
