"""A process and those that it started, as /proc tells: who they are, and how much memory they hold."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")
_HELPERS = ("resource_tracker", "forkserver")
"""Words in the command line of Python's own helper processes, which do none of the work."""


def descendants(pid: int) -> list[int]:
    """Everybody whom a process started, and whom these started; those that ended are left out."""
    children = defaultdict(list)
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            children[parent].append(int(folder.name))
    found: list[int] = []
    ahead = [pid]
    while ahead:
        ahead = [child for one in ahead for child in children[one]]
        found += ahead
    return found


def workers(pid: int) -> list[int]:
    """The descendants that work, Python's own helpers left out."""
    return [child for child in descendants(pid) if not any(word in _command(child) for word in _HELPERS)]


def resident_bytes(pid: int) -> int:
    """Memory that a process and its descendants hold (RSS; pages that they share count for each)."""
    return sum(map(_rss, [pid, *descendants(pid)]))


def _parent(folder: Path) -> int | None:
    """The parent's id; None where the process ended meanwhile or is only waited for."""
    try:
        told = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, parent = told.rpartition(")")[2].split()[:2]  # a name may hold blanks and brackets
    return None if state == "Z" else int(parent)


def _command(pid: int) -> str:
    try:
        told = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return told.replace(b"\0", b" ").decode(errors="replace")


def _rss(pid: int) -> int:
    try:
        pages = (_PROC / str(pid) / "statm").read_text(encoding="utf-8").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
