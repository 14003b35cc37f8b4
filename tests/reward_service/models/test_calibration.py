"""Calibrating whatever NLI model is configured, here one in the hub's layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reward_service.cli import main
from reward_service.models.hub import CALIBRATION_FILE, local_model
from reward_service.models.nli import read_calibration_file, write_calibration_file
from reward_service.models.pack import load_nli
from reward_service.settings import variables
from reward_service.types import Calibration

QUESTIONS = {
    "What is the state?": "The state is a tool of class rule. It serves those who rule.",
    "What is value?": "Labour is the source of value. Nature gives use-values too.",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*variables().values(), "PORT"):
        monkeypatch.delenv(variable, raising=False)


def test_a_model_in_the_hubs_layout_is_calibrated_beside_its_weights(
    tiny_bart: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_bart()
    revision = local_model(str(folder), setting="REWARD_NLI_MODEL").revision
    questions = [{"instruction": asked, "response": answer} for asked, answer in QUESTIONS.items()]
    pairs = [{"premise": "The state rules.", "hypothesis": "It rules.", "label": "neutral"}] * 3
    for name, records in (("qa.jsonl", questions), ("pairs.jsonl", pairs)):
        (tmp_path / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    monkeypatch.setenv("REWARD_NLI_MODEL", str(folder))
    arguments = ["--dataset", str(tmp_path / "qa.jsonl"), "--pairs", str(tmp_path / "pairs.jsonl")]
    assert main(["calibrate", *arguments]) == 0
    stored = json.loads((folder / CALIBRATION_FILE).read_text())
    assert (stored["model"], stored["revision"]) == (folder.name, revision)
    nli = load_nli("embedded", str(folder), device="cpu")
    assert nli.spec.revision == revision, "a calibration doesn't make another model"
    assert nli.calibration.source == stored["source"]
    assert nli.calibration.temperature == stored["temperature"] != 1.0


def test_a_calibration_survives_being_stored(tmp_path: Path) -> None:
    spec = load_nli("embedded", device="cpu").spec
    calibration = Calibration(temperature=1.3, claim_entailed=0.4, source="a test")
    write_calibration_file(tmp_path / "c.json", calibration, spec)
    assert read_calibration_file(tmp_path / "c.json", spec) == calibration
