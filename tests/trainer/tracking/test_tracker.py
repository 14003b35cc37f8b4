"""The statistics of a step, against values computed by hand, and where they go."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from tests.trainer.tracking.batches import batch
from trainer.runfolder import RunFolder
from trainer.summary import reward_table, step_line, write_summary
from trainer.tracking.files import JsonLines
from trainer.tracking.record import read_records, spread
from trainer.tracking.samples import EvidenceEvery, read_samples
from trainer.tracking.tracker import Tracker

WEIGHTS = {"full": 2.0}


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
    folder = RunFolder(tmp_path)
    tracker = Tracker(2, WEIGHTS, [JsonLines(folder)])
    tracker.add(batch([1.0, 3.0], [0.5, None], tokens=[7, 9]))
    tracker.add(batch([2.0, 2.0], [0.5, 0.5], fingerprint="f2", tokens=[5, 5]))
    seen = [
        tracker.finish(1, {"loss": 0.25, "kl": float("nan"), "rewards/full/mean": 9.0, "reward": 2.0}),
        tracker.finish(2, {"loss": 0.5}),
    ]

    first, second = read_records(folder.metrics)
    assert [first, second] == seen
    assert (first.totals, first.tokens) == ((2.0, 6.0, 4.0, 4.0), (7, 9, 5, 5))
    assert first.total is not None
    assert (first.total.mean, first.total.zero_spread) == (4.0, 0.5)
    assert first.rewards["full"].mean == 2.0
    assert first.rewards["full"].zero_spread == 0.5
    assert first.parts["topic"].unscorable == 1
    assert (first.requests, first.fingerprints, first.reward_seconds) == (2, ("f1", "f2"), 1.0)
    assert first.trainer == {"loss": 0.25, "reward": 2.0}  # NaN is no number, and rewards stand elsewhere
    assert (second.requests, second.rewards, second.total) == (0, {}, None)


def test_a_reward_that_missed_one_completion_counts_for_none() -> None:
    tracker = Tracker(2, WEIGHTS, [])
    tracker.add(batch([1.0, None], [0.5, 0.5]))
    record = tracker.finish(1, {})
    assert record.totals == (None, None)
    assert record.total is not None
    assert (record.total.mean, record.total.unscorable) == (None, 2)


def test_samples_are_kept_every_n_steps_with_scores_reasons_and_evidence(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    tracker = Tracker(2, WEIGHTS, [JsonLines(folder)], samples_every=3)
    for step in range(1, 6):
        tracker.add(batch([1.0, None], [0.5, 0.0], tokens=[7, 9]))
        tracker.finish(step, {})
    samples = read_samples(folder.samples)
    assert [(sample.step, sample.answer) for sample in samples] == [
        (1, "c0"), (1, "c1"), (4, "c0"), (4, "c1"),
    ]  # fmt: skip
    assert samples[3].scores == {"full": None, "topic": 0.0}
    assert samples[3].unscorable == {"full": "no claim"}
    assert samples[3].evidence == {"full": {"claims": 1}}
    assert (samples[3].question, samples[3].reference, samples[3].tokens) == ("q", "r", 9)


def test_evidence_is_asked_for_at_the_steps_that_are_kept() -> None:
    every = EvidenceEvery(3)  # TRL counts the steps that are done, so the first is 0
    assert [every(step).value for step in range(4)] == ["evidence", "layers", "layers", "evidence"]
    assert EvidenceEvery(0)(0).value == every(None).value == "layers"


def test_the_table_and_the_summary_show_every_step_reward_and_part(tmp_path: Path) -> None:
    tracker = Tracker(2, WEIGHTS, [])
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
    tracker = Tracker(2, WEIGHTS, [])
    records = []
    for step in range(1, 101):
        tracker.add(batch([1.0, 3.0], [0.0, 0.0]))
        records.append(tracker.finish(step, {}))
    table = reward_table(records)
    steps = list(table.columns[1].cells)
    assert steps[0] == "1"
    assert "100" in steps
    assert table.title == "Rewards by step and part (12 of 100 steps)"
