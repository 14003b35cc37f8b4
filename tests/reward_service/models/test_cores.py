"""How the cores are shared out: nothing lies idle, and what is wanted holds."""

from __future__ import annotations

import pytest

from reward_service.models.cores import MAX_CALLS, Share, cores, share_cores


@pytest.mark.parametrize(
    ("available", "share"),
    [(1, Share(1, 1)), (2, Share(2, 1)), (4, Share(4, 1)), (16, Share(4, 4)), (6, Share(4, 1))],
)
def test_by_default_there_is_a_call_for_each_core_up_to_a_limit(available: int, share: Share) -> None:
    assert share_cores(available=available) == share


@pytest.mark.parametrize(
    ("calls", "threads", "share"),
    [(1, None, Share(1, 8)), (2, None, Share(2, 4)), (None, 8, Share(1, 8)), (None, 2, Share(4, 2))],
)
def test_what_is_named_holds_and_the_rest_follows(
    calls: int | None, threads: int | None, share: Share
) -> None:
    assert share_cores(calls, threads, available=8) == share


def test_more_may_be_wanted_than_there_is() -> None:
    assert share_cores(3, 5, available=2) == Share(3, 5)
    assert share_cores(4, None, available=2) == Share(4, 1)
    assert share_cores(None, 16, available=2) == Share(1, 16)


def test_the_cores_are_those_of_this_process() -> None:
    share = share_cores()
    assert 1 <= share.calls * share.threads <= cores()
    assert share.calls <= MAX_CALLS
