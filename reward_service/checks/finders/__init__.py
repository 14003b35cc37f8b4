"""One file for each kind of finding; `discover` finds them, nothing registers them by hand."""

from __future__ import annotations

from reward_service.checks.finding import Finder
from reward_service.discovery import concrete_classes


def discover() -> dict[str, Finder]:
    """One instance of every finder, by its code.

    Raises:
        ConfigurationError: two finders share a code.
    """
    classes = concrete_classes(__name__, __path__, Finder)  # type: ignore[type-abstract]
    return {cls.code: cls() for cls in classes}
