"""How long a piece of Python takes by itself, for tests which hold that no text makes it slow."""

from __future__ import annotations

import time
from collections.abc import Callable


def quickest(call: Callable[[], object], times: int = 3) -> float:
    """The processor seconds of the quickest of `times` calls, counted for this thread alone.

    Other threads, other processes and a busy machine delay single calls, and so does the collector of
    garbage; what a text costs shows in the quickest.
    """
    return min(_seconds(call) for _ in range(times))


def _seconds(call: Callable[[], object]) -> float:
    begin = time.thread_time()
    call()
    return time.thread_time() - begin
