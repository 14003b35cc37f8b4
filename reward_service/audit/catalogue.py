"""The makers that there are, found in their folders."""

from __future__ import annotations

from collections.abc import Sequence

from reward_service.audit import attacks, honest
from reward_service.audit.maker import Maker
from reward_service.discovery import concrete_classes

HONEST_FIRST = "reference"


def honest_makers() -> Sequence[Maker]:
    """The honest variants, the reference itself first."""
    found = [cls() for cls in concrete_classes(honest.__name__, honest.__path__, Maker)]  # type: ignore[type-abstract]
    return sorted(found, key=lambda maker: (maker.name != HONEST_FIRST, maker.name))


def attack_makers() -> Sequence[Maker]:
    """The attacks, family by family."""
    found = [cls() for cls in concrete_classes(attacks.__name__, attacks.__path__, Maker)]  # type: ignore[type-abstract]
    return sorted(found, key=lambda maker: (maker.family, maker.name))
