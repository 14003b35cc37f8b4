"""Reward functions, one file each; `discover` finds them, nothing registers them by hand."""

from __future__ import annotations

from reward_service.discovery import concrete_classes
from reward_service.rewards.base import Domain, Reward


def reward_classes() -> tuple[type[Reward], ...]:
    """Every concrete Reward that a file of this folder defines, by name.

    Raises:
        ConfigurationError: two rewards share a name.
    """
    return concrete_classes(__name__, __path__, Reward)  # type: ignore[type-abstract]


def discover(domain: Domain) -> dict[str, Reward]:
    """One instance of every reward function, by name."""
    return {cls.name: cls(domain) for cls in reward_classes()}
