"""A few threads for work that waits for the database."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Threads:
    """Does work in threads that don't keep the process from ending.

    The executors of the standard library wait for their threads at the end of the process, for ever where a
    database hangs.

    Args:
        number: of threads.
        name: of each, with its number.
    """

    def __init__(self, number: int, name: str) -> None:
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{index}", daemon=True)
            for index in range(number)
        ]
        self._lock = threading.Lock()
        self._state = "new"

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Have something done; what is cancelled before its turn is not done.

        Raises:
            RuntimeError: the threads are closed.
        """
        future: Future[Result] = Future()
        with self._lock:
            if self._state == "closed":
                raise RuntimeError("the threads are closed")
            if self._state == "new":
                self._state = "running"
                for thread in self._threads:
                    thread.start()
            self._waiting.put((future, work))
        return future

    def close(self, wait_s: float) -> None:
        """Take nothing more, and wait for what was submitted, but no longer than ``wait_s``."""
        with self._lock:
            before, self._state = self._state, "closed"
        if before != "running":
            return
        for _ in self._threads:
            self._waiting.put(None)
        end = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            future, work = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
