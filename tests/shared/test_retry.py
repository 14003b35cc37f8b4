"""Backoff and patience, with a clock that the test turns: nothing here sleeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.client_errors import RewardUnavailable
from shared.retry import Chance, Lost, Reply, RetryPolicy, Send, Wait, backoff, persist, retry_after_s

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SEND = Send("POST", "/score", timeout_s=10.0)
REFUSED = Lost(ConnectionRefusedError("refused"))


class Clock:
    """A clock that goes on only when the test lets it."""

    def __init__(self, roll: float = 0.0) -> None:
        self.s = 100.0
        self._roll = roll

    def chance(self) -> Chance:
        return Chance(
            now=lambda: self.s, wall=lambda: NOON + timedelta(seconds=self.s - 100.0), roll=lambda: self._roll
        )


def run(
    outcomes: Sequence[Reply | Lost], policy: RetryPolicy, clock: Clock, *, attempt_s: float = 0.0
) -> tuple[Reply, list[Wait]]:
    """Play a server that answers with `outcomes`, the last of them for ever, each after `attempt_s`."""
    waits: list[Wait] = []
    flow = persist(SEND, policy, clock.chance(), "http://server")
    given_so_far, resume = 0, None
    try:
        while True:
            step = flow.send(resume)
            if isinstance(step, Wait):
                waits.append(step)
                clock.s += step.delay_s
                resume = None
            else:
                assert step == SEND
                clock.s += attempt_s
                resume = outcomes[min(given_so_far, len(outcomes) - 1)]
                given_so_far += 1
    except StopIteration as end:
        reply: Reply = end.value
        return reply, waits


def delays(waits: Sequence[Wait]) -> list[float]:
    return [wait.delay_s for wait in waits]


def test_the_first_answer_is_returned_without_waiting() -> None:
    reply, waits = run([Reply(200, b"x")], RetryPolicy(), Clock())
    assert (reply, waits) == (Reply(200, b"x"), [])


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 429, 500, 501, 302])
def test_other_statuses_are_not_tried_again(status: int) -> None:
    reply, waits = run([Reply(status), Reply(200)], RetryPolicy(), Clock())
    assert (reply.status, waits) == (status, [])


@pytest.mark.parametrize("outcome", [Reply(502), Reply(503), Reply(504), REFUSED])
def test_what_may_pass_is_tried_again(outcome: Reply | Lost) -> None:
    reply, waits = run([outcome, outcome, Reply(200)], RetryPolicy(first_delay_s=1.0), Clock())
    assert reply.status == 200
    assert delays(waits) == [1.0, 2.0]
    assert [wait.attempt for wait in waits] == [1, 2]


def test_a_wait_says_why() -> None:
    body = b'{"error": {"code": "not_ready", "message": "loading"}}'
    _, waits = run([REFUSED, Reply(503, body), Reply(502, b"<html>"), Reply(200)], RetryPolicy(), Clock())
    assert [wait.reason for wait in waits] == [
        "ConnectionRefusedError: refused",
        "HTTP 503 not_ready: loading",
        "HTTP 502 <html>",
    ]


def test_patience_ends_with_a_last_attempt_at_its_end() -> None:
    clock = Clock()
    with pytest.raises(RewardUnavailable) as caught:
        run([REFUSED], RetryPolicy(patience_s=10.0, first_delay_s=1.0), clock)
    # attempts at 0, 1, 3, 7 and, cut to the patience, 10
    assert (caught.value.attempts, caught.value.elapsed_s) == (5, 10.0)
    assert isinstance(caught.value.cause, ConnectionRefusedError)
    assert caught.value.__cause__ is caught.value.cause
    assert "5 times in 10.0 s" in str(caught.value)
    assert "http://server" in str(caught.value)


def test_without_patience_there_is_one_attempt() -> None:
    with pytest.raises(RewardUnavailable) as caught:
        run([Reply(503)], RetryPolicy(patience_s=0.0), Clock())
    assert (caught.value.attempts, caught.value.cause) == (1, None)
    assert "tried once" in str(caught.value)


def test_patience_counts_from_the_first_failure() -> None:
    """A server that works for an hour and then breaks gets the whole patience."""
    clock = Clock()
    with pytest.raises(RewardUnavailable) as caught:
        run([REFUSED], RetryPolicy(patience_s=10.0, first_delay_s=4.0), clock, attempt_s=3600.0)
    assert caught.value.attempts == 2
    _, waits = run(
        [REFUSED, Reply(200)], RetryPolicy(patience_s=10.0, first_delay_s=4.0), Clock(), attempt_s=3600
    )
    assert delays(waits) == [4.0]


def test_delays_stop_growing() -> None:
    policy = RetryPolicy(patience_s=100.0, first_delay_s=1.0, longest_delay_s=5.0)
    _, waits = run([REFUSED] * 6 + [Reply(200)], policy, Clock())
    assert delays(waits) == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_jitter_shortens_delays() -> None:
    _, waits = run(
        [REFUSED, REFUSED, Reply(200)], RetryPolicy(first_delay_s=1.0, jitter=0.5), Clock(roll=0.5)
    )
    assert delays(waits) == [0.75, 1.5]


def test_retry_after_is_heeded() -> None:
    policy = RetryPolicy(first_delay_s=1.0)
    _, waits = run([Reply(503, retry_after="7"), Reply(503), Reply(200)], policy, Clock())
    assert delays(waits) == [7.0, 2.0]
    date = format_datetime(NOON + timedelta(seconds=9), usegmt=True)
    _, waits = run([Reply(503, retry_after=date), Reply(200)], policy, Clock())
    assert delays(waits) == [9.0]


def test_retry_after_is_never_undercut_by_jitter() -> None:
    _, waits = run([Reply(503, retry_after="10"), Reply(200)], RetryPolicy(), Clock(roll=0.99))
    assert 10.0 <= waits[0].delay_s <= 11.0


def test_retry_after_zero_does_not_spin() -> None:
    _, waits = run([Reply(503, retry_after="0"), Reply(200)], RetryPolicy(first_delay_s=0.5), Clock())
    assert delays(waits) == [0.5]


def test_retry_after_behind_the_patience_gives_up_at_once() -> None:
    clock = Clock()
    with pytest.raises(RewardUnavailable) as caught:
        run([Reply(503, retry_after="3600")], RetryPolicy(patience_s=60.0), clock)
    assert (caught.value.attempts, caught.value.elapsed_s) == (1, 0.0)


def test_readiness_asks_on_regardless_of_retry_after() -> None:
    policy = RetryPolicy(patience_s=10.0, first_delay_s=0.1, heed_retry_after=False)
    _, waits = run([Reply(503, retry_after="3600"), Reply(200)], policy, Clock())
    assert delays(waits) == [0.1]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("5", 5.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Monday, 23-Nov-26 12:00:30 GMT", 30.0),
        ("Mon Nov 23 12:00:30 2026", 30.0),
        ("Mon, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_headers(header: str | None, expected: float | None) -> None:
    assert retry_after_s(header, NOON) == expected


@given(st.text())
def test_no_header_breaks_the_client(header: str) -> None:
    seconds = retry_after_s(header, NOON)
    assert seconds is None or seconds >= 0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_stays_within_its_bounds(attempt: int, roll: float) -> None:
    policy = RetryPolicy(first_delay_s=0.5, longest_delay_s=30.0, jitter=0.5)
    assert 0.25 < backoff(attempt, policy, roll) <= 30.0
    assert backoff(attempt, policy, roll) <= backoff(attempt + 1, policy, roll)


@pytest.mark.parametrize(
    "options",
    [
        {"patience_s": -1.0},
        {"first_delay_s": 0.0},
        {"first_delay_s": 2.0, "longest_delay_s": 1.0},
        {"jitter": 1.5},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        RetryPolicy(**options)  # type: ignore[arg-type]
