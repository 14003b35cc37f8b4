"""SIGINT and SIGTERM stop a run between two changes of its state, never in the middle of one."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class Stopped(BaseException):
    """A signal asked the run to stop.  Like KeyboardInterrupt no Exception, so that nothing swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.number).name}"


class StopSignals:
    """While entered, a signal raises Stopped at once; within `hold()` … `release()` it is only remembered.

    Weights, optimizer and checkpoints change between `hold` and `release`; the run looks at `pending` there
    and ends itself.  Generating and waiting for rewards change nothing and are left at once.
    """

    def __init__(self) -> None:
        self.pending: Stopped | None = None
        self._held = False
        self._before: dict[int, Any] = {}

    def hold(self) -> None:
        """From here on the run's state changes."""
        self._held = True

    def release(self) -> None:
        """The state is whole again.

        Raises:
            Stopped: a signal came in the meantime, and nobody has acted on it.
        """
        self._held = False
        if self.pending is not None:
            raise self.pending

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.pending is not None:
            return  # already stopping; a second signal must not break the checkpoint
        self.pending = Stopped(number)
        if not self._held:
            raise self.pending
