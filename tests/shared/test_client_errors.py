"""The client's errors: what they say, and that they survive the way between processes."""

from __future__ import annotations

import pickle

import pytest

from shared.client_errors import (
    RewardClientError,
    RewardProtocolError,
    RewardRejected,
    RewardServerError,
    RewardUnavailable,
)


@pytest.mark.parametrize(
    "error",
    [
        RewardRejected(422, "code", "message", "items.1"),
        RewardServerError(500, "code", "message"),
        RewardUnavailable("http://server", "refused", 3, 1.5, ConnectionRefusedError("refused")),
        RewardProtocolError("not JSON"),
    ],
)
def test_errors_travel_between_processes(error: RewardClientError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert repr(vars(copy)) == repr(vars(error))


def test_they_say_what_happened() -> None:
    rejected = RewardRejected(422, "text_too_long", "too long", "items.1.prompt")
    assert str(rejected) == "the reward server answered 422 text_too_long at items.1.prompt: too long"
    unavailable = RewardUnavailable("http://server", "refused", 3, 1.5)
    assert str(unavailable) == (
        "the reward server at http://server gave no answer: tried 3 times in 1.5 s, at last: refused"
    )
