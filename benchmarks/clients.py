"""Clients that send requests without a pause until they are told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

from shared.client import RewardClient, RewardClientError
from shared.schema import Detail, Lane, ScoreItem, ScoreResponse

Answered = Callable[[Sequence[ScoreItem], ScoreResponse], None]


class Loop:
    """One client in a thread of its own.

    Args:
        url: the server.
        requests: what to send, one request after another.
        lane: who waits.
        details: how much each answer tells, in turn.
        answered: is given every request with its answer, in the client's thread.
        patience_s: seconds for which a request that was refused, or got no answer, is sent again.
    """

    def __init__(
        self,
        url: str,
        requests: Iterator[Sequence[ScoreItem]],
        lane: Lane,
        *,
        details: Sequence[Detail] = (Detail.SCORES,),
        answered: Answered = lambda *_: None,
        patience_s: float = 60.0,
    ) -> None:
        self.done = 0
        """Completions that were scored."""
        self.retried: list[str] = []
        """Why requests were sent again."""
        self.failed: list[str] = []
        """Requests that stayed without an answer, and why."""
        self._url, self._requests, self._lane = url, requests, lane
        self._details = details
        self._answered, self._patience_s = answered, patience_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; the request that runs is still answered."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the last answer; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        with RewardClient(
            self._url, patience_s=self._patience_s, deadline_s=600, on_wait=self._note
        ) as client:
            for items, detail in zip(self._requests, cycle(self._details), strict=False):
                if self._stop.is_set():
                    return
                try:
                    answer = client.score(items, lane=self._lane, detail=detail)
                except RewardClientError as error:
                    self.failed.append(f"{type(error).__name__}: {error}")
                    continue
                self.done += len(items)
                self._answered(items, answer)

    def _note(self, attempt: int, delay_s: float, reason: str) -> None:  # noqa: ARG002
        self.retried.append(reason)


@contextmanager
def working(loops: Sequence[Loop], *, join_s: float = 600.0) -> Iterator[Sequence[Loop]]:
    """Run clients; at the end wait for what they have sent.

    Raises:
        TimeoutError: an answer did not come within `join_s` seconds after the end.
    """
    for loop in loops:
        loop.start()
    try:
        yield loops
    finally:
        for loop in loops:
            loop.stop()
        late = [loop for loop in loops if not loop.join(join_s)]
    if late:
        raise TimeoutError(f"{len(late)} clients had no answer within {join_s:g} s")
