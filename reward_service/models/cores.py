"""How the cores of a CPU are shared out among model calls.

A call in several threads ends each of its small products with all of them waiting for the last, which is late
wherever something else has its core: spaCy's processes, the other model.  Calls side by side, each in one
thread, never wait for each other.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

YIELDING = 10
"""By how much the priority ("niceness") of threads that yield the CPU is lower than the process's."""
MAX_CALLS = 4
"""Calls side by side by default, at most: on many cores one call in one thread would keep a live request
waiting too long."""


QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of CPU that a container may use, and in how many of the clock; `max` for no limit."""


class Share(NamedTuple):
    """Who gets how much of a CPU."""

    calls: int
    """Calls of one model side by side."""
    threads: int
    """Of each call."""


def cores(quota: Path = QUOTA) -> int:
    """The cores that this process may use, by its affinity and its container's quota; at least 1.

    Args:
        quota: the file of the container's quota (control groups, version 2); where there is none or it says
            nothing that can be read, there is no limit.
    """
    there = len(os.sched_getaffinity(0))
    try:
        used, period = map(int, quota.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return there
    return max(1, min(there, -(-used // period))) if period > 0 else there


def share_cores(
    calls: int | None = None, threads: int | None = None, *, available: int | None = None
) -> Share:
    """What is wanted, and a choice for what is left open.

    Left open, they never take more cores than there are; one or two may be left to Python and spaCy.

    Args:
        calls: side by side, or None.
        threads: of each, or None.
        available: cores; None for those of this process.
    """
    there = available or cores()
    if calls is None:
        calls = max(1, min(MAX_CALLS, there // (threads or 1)))
    return Share(calls, threads or max(1, there // calls))


def calls_on(device: str, calls: int) -> int:
    """Calls side by side on a device: a GPU fills itself with one."""
    return calls if device == "cpu" else 1


def yield_the_cpu() -> None:
    """From now on the calling thread has the CPU where no other one wants it, and about a tenth of it else.

    Threads that it starts inherit that.  Linux alone has priorities of threads; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            thread = threading.get_native_id()
            own = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, own + YIELDING)  # the system cuts it to its lowest
