"""Policies of live checks: YAML that says from which measure on a finding means review or fail."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reward_service.checks.finding import Finder
from reward_service.errors import ConfigurationError

Threshold = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class Rule(BaseModel):
    """From which measure on a finding of one code means review, and from which fail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    review: Threshold | None = None
    """None: never."""
    fail: Threshold | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.review is None and self.fail is None:
            raise ValueError("has neither `review` nor `fail`; leave the rule out")
        if self.review is not None and self.fail is not None and self.review >= self.fail:
            raise ValueError(f"`review` ({self.review:g}) must be below `fail` ({self.fail:g})")
        return self


class Policy(BaseModel):
    """What a live check makes of findings.  A code without a rule never matters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(strict=True, pattern=r"^[a-z][a-z0-9_]*$", max_length=80)
    doc: str = Field(strict=True, min_length=1)
    """For whom it is; published by `GET /policies`."""
    rules: Mapping[str, Rule] = Field(min_length=1)
    """Code → rule, the most important first: reasons of one outcome are listed in this order."""


def load_policies(sources: Iterable[Path], finders: Mapping[str, Finder]) -> dict[str, Policy]:
    """Every policy of folders (all their `*.yaml` and `*.yml` files), by name.

    Args:
        sources: folders.
        finders: code → finder; the codes that rules may name.

    Raises:
        ConfigurationError: names file and field.
    """
    policies: dict[str, Policy] = {}
    files: dict[str, Path] = {}
    for path in _files(sources):
        policy = _parse(path)
        if policy.name in policies:
            raise _error(path, "name", f"{policy.name} is already defined in {files[policy.name]}")
        for code, rule in policy.rules.items():
            _check(path, code, rule, finders)
        policies[policy.name], files[policy.name] = policy, path
    return policies


def _files(sources: Iterable[Path]) -> Iterable[Path]:
    for source in sources:
        if not source.is_dir():
            raise ConfigurationError(f"{source}: no such folder of policies", where=str(source))
        yield from sorted(path for path in source.iterdir() if path.suffix in {".yaml", ".yml"})


def _parse(path: Path) -> Policy:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not YAML: {error}", where=str(path)) from error
    if not isinstance(raw, dict):
        raise ConfigurationError(
            f"{path}: a policy is a mapping with `name`, `doc` and `rules`", where=str(path)
        )
    try:
        return Policy.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise _error(path, field or "policy", first["msg"].removeprefix("Value error, ")) from error


def _check(path: Path, code: str, rule: Rule, finders: Mapping[str, Finder]) -> None:
    if code not in finders:
        close = get_close_matches(code, finders, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(sorted(finders))}"
        raise _error(path, f"rules.{code}", f"no finding has this code; {hint}")
    finder = finders[code]
    for outcome, threshold in (("review", rule.review), ("fail", rule.fail)):
        if threshold is not None and threshold > finder.most:
            raise _error(
                path,
                f"rules.{code}.{outcome}",
                f"{threshold:g} is never reached: the measure ({finder.unit}) goes up to {finder.most:g}",
            )


def _error(path: Path, field: str, message: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {field}: {message}", where=f"{path}: {field}")


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML's loader would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set[str]()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
