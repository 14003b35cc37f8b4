"""The statistics of a step, against values computed by hand, and where they go."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from shared.schema import Usage
from trainer.rewards import BatchScores
from trainer.settings import SettingsError, load_settings
from trainer.summary import reward_table, step_line, write_summary
from trainer.tracking import StepRecord, Tracker, jsonl_sink, read_records, spread
from trainer.wandb_sink import wandb_sink, wants_wandb


def batch(scores: list[float | None], parts: list[float | None], fingerprint: str = "f1") -> BatchScores:
    return BatchScores(
        names=("full",),
        rewards={"full": scores},
        layers={"full": scores, "topic": parts},
        parts={},
        unscorable={},
        prompts=["q"] * len(scores),
        completions=["c"] * len(scores),
        references=["r"] * len(scores),
        fingerprint=fingerprint,
        elapsed_s=0.5,
        step=0,
        usage=Usage(),
    )


def test_spread_by_hand() -> None:
    found = spread([1.0, 2.0, 3.0, 2.0, 2.0, 2.0], group_size=3)
    assert found.mean == 2.0
    assert found.std == pytest.approx(math.sqrt(2 / 5))  # deviations −1, 0, 1, 0, 0, 0 over n − 1 = 5
    assert (found.low, found.high, found.scored, found.unscorable) == (1.0, 3.0, 6, 0)
    assert found.zero_spread == 0.5


def test_what_could_not_be_scored_is_left_out_and_counted() -> None:
    found = spread([1.0, None, 4.0, 4.0, None, None], group_size=2)
    assert (found.mean, found.scored, found.unscorable) == (3.0, 3, 3)
    assert found.zero_spread == 1.0  # only the middle group has two scores, and they are equal
    nothing = spread([None, None], group_size=2)
    assert (nothing.mean, nothing.std, nothing.low, nothing.high, nothing.zero_spread) == (None,) * 5
    assert spread([2.0, None], group_size=2).std is None


def test_rounding_is_no_spread_and_groups_must_be_whole() -> None:
    assert spread([1.0, 1.0 + 1e-9], group_size=2).zero_spread == 1.0
    with pytest.raises(ValueError, match="no whole number of groups of 2"):
        spread([1.0, 2.0, 3.0], group_size=2)


def test_a_step_gathers_its_batches_and_is_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    seen: list[StepRecord] = []
    tracker = Tracker(group_size=2, sinks=[jsonl_sink(path), seen.append])
    tracker.add(batch([1.0, 3.0], [0.5, None]))
    tracker.add(batch([2.0, 2.0], [0.5, 0.5], fingerprint="f2"))
    tracker.finish(1, {"loss": 0.25, "kl": float("nan"), "rewards/full/mean": 9.0, "reward": 2.0})
    tracker.finish(2, {"loss": 0.5})

    first, second = read_records(path)
    assert [first, second] == seen
    assert first.rewards["full"].mean == 2.0
    assert first.rewards["full"].zero_spread == 0.5
    assert first.parts["topic"].unscorable == 1
    assert (first.requests, first.fingerprints, first.reward_seconds) == (2, ("f1", "f2"), 1.0)
    assert first.trainer == {"loss": 0.25, "reward": 2.0}  # NaN is no number, and rewards stand elsewhere
    assert (second.requests, second.rewards) == (0, {})


def test_the_table_and_the_summary_show_every_step_reward_and_part(tmp_path: Path) -> None:
    tracker = Tracker(group_size=2, sinks=[])
    records = []
    for step in (1, 2):
        tracker.add(batch([1.0, 3.0], [None, None]))
        records.append(tracker.finish(step, {"loss": 0.25, "kl": 0.1, "reward": 2.0}))
    text = io.StringIO()
    Console(file=text, width=100).print(reward_table(records))
    rows = [line.split() for line in text.getvalue().splitlines()]
    assert ["full", "1", "2.00", "1.41", "1.00", "3.00", "0%"] in rows
    assert ["2", "2.00", "1.41", "1.00", "3.00", "0%"] in rows
    assert ["·", "topic", "1", "–", "–", "–", "–", "–"] in rows
    assert "step 2 of 5 · reward +2.00 · full 2.00 ± 1.41 · loss 0.25 · kl 0.1" in step_line(records[1], 5)

    summary = write_summary(tmp_path / "summary.json", records, status="complete")
    assert (summary["steps"], summary["requests"], summary["fingerprints"]) == (2, 2, ["f1"])
    assert summary["zero_spread"] == {"full": 0.0}
    assert summary["by_step"][1]["rewards"]["full"]["mean"] == 2.0
    assert summary["versions"]["trl"]


def test_a_long_run_shows_its_first_and_last_step() -> None:
    tracker = Tracker(group_size=2, sinks=[])
    records = []
    for step in range(1, 101):
        tracker.add(batch([1.0, 3.0], [0.0, 0.0]))
        records.append(tracker.finish(step, {}))
    table = reward_table(records)
    steps = list(table.columns[1].cells)
    assert steps[0] == "1"
    assert "100" in steps
    assert table.title == "Rewards by step and part (12 of 100 steps)"


def test_wandb_gets_what_trl_does_not_send() -> None:
    sent: list[dict[str, float]] = []
    tracker = Tracker(group_size=2, sinks=[wandb_sink(sent.append)])
    tracker.add(batch([1.0, 3.0], [None, None]))
    tracker.finish(4, {"loss": 0.25})
    assert sent[0]["train/global_step"] == 4
    assert sent[0]["rewards/full/high"] == 3.0
    assert sent[0]["rewards/full/zero_spread"] == 0.0
    assert "parts/topic/mean" not in sent[0]  # unknown is not sent as a number


def test_wandb_is_optional() -> None:
    auto = load_settings("cpu-demo").run
    assert not wants_wandb(auto, {})
    assert not wants_wandb(auto.model_copy(update={"report_to": "none"}), {"WANDB_API_KEY": "k"})
    demanded = auto.model_copy(update={"report_to": "wandb"})
    try:
        import wandb  # noqa: F401
    except ImportError:
        with pytest.raises(SettingsError, match="wandb is not installed"):
            wants_wandb(demanded, {})
    else:
        assert wants_wandb(demanded, {})
