"""How the cores are shared out: no more than there are, and what is wanted holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reward_service.models.cores import MAX_CALLS, Share, calls_on, cores, share_cores


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


def test_a_gpu_runs_one_call() -> None:
    assert (calls_on("cpu", 3), calls_on("cuda:1", 3)) == (3, 1)


@pytest.mark.parametrize(
    ("told", "quota"), [("100000 100000\n", 1), ("1000 100000", 1), ("150000 100000", 2)]
)
def test_a_container_has_no_more_cores_than_its_quota(told: str, quota: int, tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(told)
    assert cores(file) == min(quota, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("told", ["max 100000", "", "a b", "5", "5 0", None])
def test_without_a_quota_there_is_no_limit(told: str | None, tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    if told is not None:
        file.write_text(told)
    assert cores(file) == len(os.sched_getaffinity(0))


def test_the_cores_are_those_of_this_process() -> None:
    share = share_cores()
    assert 1 <= share.calls * share.threads <= cores()
    assert share.calls <= MAX_CALLS
