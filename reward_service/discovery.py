"""Finds the classes that the files of a folder define, so that a new one is a new file and nothing else."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from typing import TypeVar

from reward_service.errors import ConfigurationError

Base = TypeVar("Base")


def concrete_classes(package: str, folders: Iterable[str], base: type[Base]) -> tuple[type[Base], ...]:
    """Every concrete subclass of ``base`` that a module of a package defines, by its ``name``.

    Args:
        package: the package's full name.
        folders: its ``__path__``.
        base: a class whose subclasses have a ``name``.

    Raises:
        ConfigurationError: two of them share a name.
    """
    found: dict[str, type[Base]] = {}
    for module_info in pkgutil.iter_modules(folders, f"{package}."):
        module = importlib.import_module(module_info.name)
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if not issubclass(cls, base) or inspect.isabstract(cls) or cls.__module__ != module.__name__:
                continue
            name: str = cls.name  # type: ignore[attr-defined]
            if name in found:
                raise ConfigurationError(
                    f"two classes of {package} are named {name}: {found[name]} and {cls}"
                )
            found[name] = cls
    return tuple(found[name] for name in sorted(found))
