"""The benchmark runs as the README says, and leaves its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.nli import CPU_FORMATS, main
from reward_service.models.nli_training.speed import pace
from reward_service.models.pack import load_nli


def test_a_table_is_printed_and_json_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "figures" / "nli.json"
    main(["--pairs", "16", "--runs", "2", "--tokens", "20", "--out", str(out), "--formats", *CPU_FORMATS])
    told = json.loads(out.read_text())
    assert [(entry["dtype"], entry["tokens"]) for entry in told["measured"]] == [
        ("float32", 20),
        ("bfloat16", 20),
        ("int8", 20),
    ]
    assert all(len(entry["runs"]) == 2 and min(entry["runs"]) > 0 for entry in told["measured"])
    said = capsys.readouterr().out
    assert "bfloat16" in said
    assert "default here" in said


def test_every_pair_has_the_tokens_that_are_claimed() -> None:
    assert pace(load_nli("embedded", device="cpu"), tokens=40, pairs=8, runs=1).tokens == 40
