"""Parquet holds what the JSON lines hold."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet

from tests.trainer.tracking.batches import batch
from trainer.runfolder import RunFolder
from trainer.tracking.files import JsonLines, write_parquet
from trainer.tracking.tracker import Tracker


def test_a_row_for_each_step_and_name_and_for_each_completion(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    tracker = Tracker(2, {"full": 1.0}, [JsonLines(folder)], samples_every=1)
    for step in (1, 2):
        tracker.add(batch([1.0, 3.0], [0.5, None], tokens=[3, 4]))
        tracker.finish(step, {"loss": 0.25})
        write_parquet(folder)  # again and again, as at each checkpoint

    rows = pyarrow.parquet.read_table(folder.metrics_parquet).to_pylist()
    assert [(row["step"], row["kind"], row["name"], row["mean"]) for row in rows[:4]] == [
        (1, "reward", "full", 2.0),
        (1, "part", "topic", 0.5),
        (1, "total", "reward", 2.0),
        (1, "trainer", "loss", 0.25),
    ]
    assert len(rows) == 8
    assert (rows[1]["unscorable"], rows[1]["std"], rows[3]["std"]) == (1, None, None)

    samples = pyarrow.parquet.read_table(folder.samples_parquet).to_pylist()
    assert [sample["answer"] for sample in samples] == ["c0", "c1"] * 2
    assert [sample["score/topic"] for sample in samples] == [0.5, None] * 2
    assert json.loads(samples[1]["evidence"]) == {"full": {"claims": 1}}


def test_no_step_no_file(tmp_path: Path) -> None:
    write_parquet(RunFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
