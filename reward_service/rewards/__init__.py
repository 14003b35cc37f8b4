"""Reward functions, one file each; `discover` finds them, nothing registers them by hand."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from reward_service.errors import ConfigurationError
from reward_service.rewards.base import Domain, Reward


def reward_classes() -> tuple[type[Reward], ...]:
    """Every concrete Reward that a file of this folder defines, by name.

    Raises:
        ConfigurationError: two rewards share a name.
    """
    found: dict[str, type[Reward]] = {}
    for module_info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(module_info.name)
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if not issubclass(cls, Reward) or inspect.isabstract(cls) or cls.__module__ != module.__name__:
                continue
            if cls.name in found:
                raise ConfigurationError(f"two rewards are named {cls.name}: {found[cls.name]} and {cls}")
            found[cls.name] = cls
    return tuple(found[name] for name in sorted(found))


def discover(domain: Domain) -> dict[str, Reward]:
    """One instance of every reward function, by name."""
    return {cls.name: cls(domain) for cls in reward_classes()}
