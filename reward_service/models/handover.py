"""How threads pass things to the next one."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Handover(Generic[Thing]):
    """Some threads give, one takes, and nothing lies in between: `give` returns once the thing is taken.

    So each giver is at most one thing ahead of the taker.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thing: Thing | None = None
        self._closed = False

    def give(self, thing: Thing) -> None:
        """Wait until the taker has it; what is given after the end is lost."""
        with self._changed:
            self._changed.wait_for(lambda: self._thing is None or self._closed)
            self._thing = thing
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._thing is not thing or self._closed)

    def take(self) -> Thing | None:
        """Wait for the next thing; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._thing is not None or self._closed)
            thing, self._thing = self._thing, None
            self._changed.notify_all()
            return None if self._closed else thing

    def close(self) -> None:
        """The end: nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
