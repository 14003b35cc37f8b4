"""The measured speed: what it says of time, and the batches that it allows."""

from __future__ import annotations

import pytest

from reward_service.models.speed import FIRST_TOKENS, SchedulerStats, Speed


def test_before_anything_is_measured_batches_are_small_and_time_is_unknown() -> None:
    speed = Speed(8192, 0.25)
    assert speed.batch_tokens == FIRST_TOKENS
    assert speed.seconds(1000) == 0.0
    assert Speed(100, 0.25).batch_tokens == 100


def test_without_a_target_batches_are_as_large_as_they_may() -> None:
    speed = Speed(8192)
    speed.measured(10, 100.0)
    assert speed.batch_tokens == 8192


@pytest.mark.parametrize(("tokens_per_s", "batch"), [(137, 34), (8000, 2000), (200_000, 8192), (1, 1)])
def test_batches_take_the_target_time_within_the_limit(tokens_per_s: int, batch: int) -> None:
    speed = Speed(8192, 0.25)
    for _ in range(30):
        tokens = speed.batch_tokens
        speed.measured(tokens, tokens / tokens_per_s)
    assert speed.batch_tokens == batch
    assert speed.seconds(1000) == pytest.approx(1000 / tokens_per_s)


def test_calls_side_by_side_share_what_waits_and_the_time_it_takes() -> None:
    speed = Speed(8192, 0.25, calls=2)
    for _ in range(30):
        speed.measured(2000, 0.25)
    assert speed.batch_tokens == 2000, "of one call"
    assert speed.seconds(8000) == pytest.approx(0.5)
    assert [speed.batch_tokens_of(waiting) for waiting in (10_000, 3001, 400, 100)] == [2000, 1501, 200, 128]
    assert Speed(8192, calls=1).batch_tokens_of(10) == 8192


def test_small_batches_hardly_move_it() -> None:
    """A hundred live requests of ten tokens, at a tenth of the speed of full batches."""
    speed = Speed(8192)
    for _ in range(10):
        speed.measured(8000, 0.1)
    for _ in range(100):
        speed.measured(10, 0.00125)
    assert speed.tokens_per_s == pytest.approx(80_000, rel=0.05)


def test_a_slow_first_call_is_soon_forgotten() -> None:
    """The first call of a GPU takes seconds; then 10 ms a call and 100 000 tokens per second."""
    speed = Speed(8192, 0.25)
    speed.measured(100, 5.0)
    assert speed.batch_tokens == 5
    for _ in range(15):
        tokens = max(30, speed.batch_tokens)
        speed.measured(tokens, 0.01 + tokens / 100_000)
    assert speed.batch_tokens == 8192


def test_counters_add_up() -> None:
    stats = SchedulerStats().plus(items=2, tokens=30, padded_tokens=40, forward_s=0.5)
    assert stats == SchedulerStats(batches=1, items=2, tokens=30, padded_tokens=40, forward_s=0.5)
    stats = stats.plus(items=1, tokens=3, padded_tokens=3, forward_s=0.25)
    assert stats == SchedulerStats(batches=2, items=3, tokens=33, padded_tokens=43, forward_s=0.75)
    assert stats.mean_tokens == 11.0
    assert SchedulerStats().mean_tokens == 0.0


def test_a_batch_has_its_least_tokens_however_slow_the_model_is() -> None:
    speed = Speed(8192, 0.25, min_tokens=512)
    speed.measured(tokens=100, seconds=1.0)
    assert speed.batch_tokens == 512
    assert Speed(256, 0.25, min_tokens=512).batch_tokens == 256
