"""When to ask again: backoff and patience, without clock, sleep or chance of its own.

Conversations with the server are generators, as in httpx's `auth_flow`: they yield what they need (`Send` a
request, `Wait` some seconds) and get what came of it.  A driver does the I/O, so that the synchronous and the
asynchronous client share every decision, and tests need neither sleep nor socket.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import ValidationError

from shared.client_errors import RewardUnavailable
from shared.schema import ErrorResponse

TRY_AGAIN = frozenset({502, 503, 504})
"""The statuses after which the same request may succeed."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this request."""

    method: str
    path: str
    timeout_s: float
    """Seconds for the whole exchange, connecting apart."""
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while; resume with `None`."""

    attempt: int
    """How many attempts have failed so far."""
    delay_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The server answered, with whatever status."""

    status: int
    body: bytes = b""
    retry_after: str | None = None
    """The header, as it came."""

    def __str__(self) -> str:
        try:
            error = ErrorResponse.model_validate_json(self.body).error
        except ValidationError:
            return f"HTTP {self.status} {self.body[:200].decode('utf-8', 'replace')}".rstrip()
        return f"HTTP {self.status} {error.code}: {error.message}"


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer came, or half of one."""

    cause: Exception

    def __str__(self) -> str:
        return f"{type(self.cause).__name__}: {self.cause}".rstrip(": ")


T = TypeVar("T")
Flow = Generator[Send | Wait, Reply | Lost | None, T]
"""A conversation: after `Send` it is resumed with `Reply` or `Lost`, after `Wait` with `None`."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often to ask again."""

    patience_s: float = 600.0
    """Seconds of outage, from the first failure, within which another attempt may start.  0: one attempt."""
    first_delay_s: float = 0.5
    longest_delay_s: float = 30.0
    jitter: float = 0.5
    """Share of each delay that is left to chance, so that many clients don't return at one moment."""
    heed_retry_after: bool = True
    """Never ask before the server's Retry-After; give up at once where that lies behind the patience."""

    def __post_init__(self) -> None:
        if self.patience_s < 0:
            raise ValueError(f"patience_s must not be negative, got {self.patience_s}")
        if not 0 < self.first_delay_s <= self.longest_delay_s:
            raise ValueError("first_delay_s must be positive and at most longest_delay_s")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter must be between 0 and 1, got {self.jitter}")


@dataclass(frozen=True, slots=True)
class Chance:
    """What decides beside the server's answers: two clocks and a die."""

    now: Callable[[], float]
    """Seconds, monotonic."""
    wall: Callable[[], datetime]
    """The time of day, with its zone; for a Retry-After that names a date."""
    roll: Callable[[], float]
    """A number in [0, 1)."""


def backoff(attempt: int, policy: RetryPolicy, roll: float) -> float:
    """Seconds to wait after the `attempt`-th failure: doubles each time up to the longest, less jitter.

    Args:
        attempt: failures so far, at least 1.
        policy: the delays.
        roll: chance, in [0, 1); 0 gives the longest delay of its range.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog 2015 ("equal jitter" at jitter 0.5).
    """
    doublings = min(attempt - 1, 60)  # beyond that floats would overflow long after the cap holds
    delay = min(policy.longest_delay_s, policy.first_delay_s * 2.0**doublings)
    return delay * (1.0 - policy.jitter * roll)


def retry_after_s(header: str | None, wall: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: it holds seconds or an HTTP date (RFC 9110, 10.2.3).

    Args:
        header: the header as it came; None where there was none.
        wall: the time of day, with its zone.

    Returns:
        At least 0; None where the header is missing or says neither.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - wall).total_seconds())


def persist(send: Send, policy: RetryPolicy, chance: Chance, url: str) -> Flow[Reply]:
    """Send a request until it gets an answer that is not "try again".

    Connection errors, broken answers and the statuses 502, 503, 504 are tried again.  The patience counts
    from the first failure and never cuts short an attempt that has begun: a server that is back may finish.

    Returns:
        The first reply with another status.

    Raises:
        RewardUnavailable: the patience is spent.
    """
    began = chance.now()
    failed_first: float | None = None
    for attempt in itertools.count(1):
        outcome = yield send
        if isinstance(outcome, Reply) and outcome.status not in TRY_AGAIN:
            return outcome
        now = chance.now()
        failed_first = now if failed_first is None else failed_first
        left = policy.patience_s - (now - failed_first)
        asked_for = None
        if isinstance(outcome, Reply) and policy.heed_retry_after:
            asked_for = retry_after_s(outcome.retry_after, chance.wall())
        if left <= 0 or (asked_for or 0.0) > left:
            cause = outcome.cause if isinstance(outcome, Lost) else None
            raise RewardUnavailable(url, str(outcome), attempt, now - began, cause) from cause
        roll = chance.roll()
        if asked_for is None:
            delay = backoff(attempt, policy, roll)
        else:  # the server knows better than the doubling; a little later, so that not all return at once
            delay = max(asked_for, policy.first_delay_s) * (1.0 + 0.1 * roll)
        yield Wait(attempt, min(delay, left), str(outcome))
    raise AssertionError("unreachable: the loop has no end of its own")
