"""What a person sees of a pod: a line for everything that happens, and how things stand now."""

from __future__ import annotations

import time
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

STATE_EVERY_S = 0.5
LINE_EVERY_S = 60.0


class Board:
    """Events as lines; the state below them at a terminal, else the trainer's newest line once a minute.

    Drawn by whoever calls, never by a thread: processes are started beside it.
    """

    def __init__(self, console: Console, *, line_every_s: float = LINE_EVERY_S) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._every_s = STATE_EVERY_S if console.is_terminal else line_every_s
        self._next = 0.0
        self._last_line = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """Something happened."""
        clock = datetime.now().strftime("%H:%M:%S")
        self._console.print(f"[dim]{clock}[/dim]  {escape(text)}", highlight=False, soft_wrap=True)

    def show(self, server: str, starts: int, last_line: str) -> None:
        """How things stand: the server's state, how often it was started, the trainer's last line if any."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every_s
        if self._console.is_terminal:
            again = f", {starts - 1} restarts" if starts > 1 else ""
            state = Text.assemble(("server ", "bold"), f"{server}{again}\n", ("trainer ", "bold"), last_line)
            state.truncate(2 * self._console.width)
            self._live.update(state, refresh=True)
        elif last_line != self._last_line:
            self._last_line = last_line
            self.say(f"trainer: {last_line}")
