"""What a client says to have an answer checked; no I/O (see `retry.Flow`).

A check has a person waiting behind it.  Training rather waits ten minutes than loses a batch; a chatbot
prefers an error now.  So the deadline of a check holds for all its attempts together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from shared.client_errors import RewardProtocolError, RewardUnavailable
from shared.exchange import Peer, as_json, ask, raise_for_status, read
from shared.retry import TRY_AGAIN, Flow, Lost, Reply, Send, Wait, backoff, retry_after_s
from shared.schema import CheckRequest, CheckResponse, Outcome, PolicyInfo, PolicyList

DEADLINE_S = 5.0
"""Seconds that a check may take where the caller names no deadline; the server's live default too."""
GRACE_S = 1.0
"""Seconds beyond the deadline, so that the server's answer to a missed one still arrives."""
SHORTEST_S = 0.1
"""An attempt with less time than this is not begun."""

_RANKS = {Outcome.PASS: 0, Outcome.REVIEW: 1, Outcome.FAIL: 2}


def check(peer: Peer, request: CheckRequest, deadline_s: float) -> Flow[CheckResponse]:
    """Check one answer of a chatbot.

    Connection errors and the statuses 502, 503, 504 are tried again, within the client's patience and only
    while the server could still answer in time; each attempt tells it how many seconds are left.

    Args:
        peer: the server.
        request: the answer; `deadline_s` is filled in.
        deadline_s: seconds from now for all attempts together; the last one may take `GRACE_S` more.

    Raises:
        RewardRejected, RewardServerError, RewardUnavailable, RewardProtocolError: see `client_errors.py`.
    """

    def attempt(left_s: float) -> Send:
        body = as_json(request.model_copy(update={"deadline_s": left_s}))
        return Send("POST", "/check", left_s + GRACE_S, body)

    reply = yield from _within(deadline_s, attempt, peer)
    raise_for_status(reply)
    answer = read(CheckResponse, reply, versioned=True)
    if problem := _problem(answer, request):
        raise RewardProtocolError(problem)
    return answer


def policies(peer: Peer) -> Flow[list[PolicyInfo]]:
    """`GET /policies`."""
    reply = yield from ask(peer, Send("GET", "/policies", peer.read_timeout_s))
    return read(PolicyList, reply).policies


def _within(deadline_s: float, attempt: Callable[[float], Send], peer: Peer) -> Flow[Reply]:
    """Send until there is an answer that is not "try again", or no time for another attempt.

    Raises:
        RewardUnavailable: the time is over.
    """
    policy, chance = peer.policy, peer.chance
    began = chance.now()
    ends = began + deadline_s
    patient_until = math.inf
    for number in itertools.count(1):
        left_s = deadline_s if number == 1 else ends - chance.now()
        outcome = yield attempt(left_s)
        if isinstance(outcome, Reply) and outcome.status not in TRY_AGAIN:
            return outcome
        now = chance.now()
        if number == 1:
            patient_until = now + policy.patience_s
        asked_for = None
        if isinstance(outcome, Reply) and policy.heed_retry_after:
            asked_for = retry_after_s(outcome.retry_after, chance.wall())
        delay = asked_for if asked_for is not None else backoff(number, policy, chance.roll())
        if now + delay > min(ends - SHORTEST_S, patient_until):
            cause = outcome.cause if isinstance(outcome, Lost) else None
            raise RewardUnavailable(peer.url, str(outcome), number, now - began, cause) from cause
        yield Wait(number, delay, str(outcome))
    raise AssertionError("unreachable: the loop has no end of its own")


def _problem(answer: CheckResponse, request: CheckRequest) -> str | None:
    """Why this is no answer to the request; None where it is one."""
    if answer.policy != request.policy:
        return f"asked for the policy {request.policy!r}, got {answer.policy!r}"
    worst = max((reason.outcome for reason in answer.reasons), key=_RANKS.__getitem__, default=Outcome.PASS)
    if answer.verdict is not worst:
        return f"the verdict is {answer.verdict}, but the worst of its reasons {worst}"
    for name, score in answer.scores.items():
        if score is not None and not math.isfinite(score):
            return f"scores.{name} is {score}, which is no score"
    missing = {name for name, score in answer.scores.items() if score is None}
    if missing != answer.unscorable.keys():
        return f"no score for {sorted(missing)}, but `unscorable` holds {sorted(answer.unscorable)}"
    for index, reason in enumerate(answer.reasons):
        if not math.isfinite(reason.measure):
            return f"reasons.{index}: the measure is {reason.measure}"
        if reason.span is not None and not 0 <= reason.span[0] <= reason.span[1] <= len(answer.answer):
            return f"reasons.{index}: the span {reason.span} lies outside of the answer"
    return None
