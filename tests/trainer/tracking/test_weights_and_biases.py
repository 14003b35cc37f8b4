"""Weights & Biases gets all that it should, offline; a run needs none of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tracking.batches import batch
from trainer.settings import SettingsError, load_settings
from trainer.tracking.tracker import Tracker
from trainer.tracking.weights_and_biases import WeightsAndBiases, wants_wandb

ROOT = Path(__file__).parents[3]


class Told:
    """The calls that a W&B run gets."""

    def __init__(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self.config: dict[str, Any] = {}
        self.alerts: list[tuple[str, str]] = []

    def log(self, values: dict[str, Any]) -> None:
        self.logged.append(values)

    def alert(self, title: str, text: str) -> None:
        self.alerts.append((title, text))


def test_statistics_are_sent_and_what_is_unknown_is_not() -> None:
    told = Told()
    tracker = Tracker(2, {"full": 1.0}, [WeightsAndBiases(told, "f1")])
    tracker.add(batch([1.0, 3.0], [None, None]))
    tracker.finish(4, {"loss": 0.25})
    (sent,) = told.logged
    assert sent["train/global_step"] == 4
    assert sent["rewards/full/high"] == 3.0
    assert sent["rewards/full/zero_spread"] == sent["total/reward/zero_spread"] == 0.0
    assert "parts/topic/mean" not in sent  # unknown is not sent as a number


def test_a_fingerprint_that_changes_goes_into_the_config_once() -> None:
    told = Told()
    tracker = Tracker(2, {"full": 1.0}, [WeightsAndBiases(told, "f1")])
    for step, mark in ((1, "f1"), (2, "f2"), (3, "f2")):
        tracker.add(batch([1.0, 3.0], [None, None], fingerprint=mark))
        tracker.finish(step, {})
        if step == 1:
            assert told.config == {}
    assert told.config == {"server_changed": {"2": "f2"}}


def test_it_is_optional() -> None:
    auto = load_settings("cpu-demo").run
    assert not wants_wandb(auto, {})
    assert not wants_wandb(auto.model_copy(update={"report_to": "none"}), {"WANDB_API_KEY": "k"})


def test_without_the_package_a_demand_is_refused_and_auto_goes_on() -> None:
    """In a process that can't import it, whatever is installed here."""
    program = """
import sys
sys.modules["wandb"] = None
from trainer.settings import SettingsError, load_settings
from trainer.tracking.weights_and_biases import wants_wandb
run = load_settings("cpu-demo").run
assert not wants_wandb(run, {"WANDB_API_KEY": "k"})
try:
    wants_wandb(run.model_copy(update={"report_to": "wandb"}), {})
except SettingsError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "wandb is not installed" in said.stdout


def test_a_real_offline_run_keeps_tables_alerts_and_its_id(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    program = f"""
from pathlib import Path
from tests.trainer.tracking.batches import batch
from trainer.settings import load_settings
from trainer.tracking.tracker import Tracker
from trainer.tracking.weights_and_biases import start_wandb
settings = load_settings("cpu-demo", ["run.output_dir={tmp_path}"])
sink = start_wandb(settings.run, {{"server": {{"fingerprint": "f1"}}}}, "f1")
tracker = Tracker(2, {{"full": 1.0}}, [sink], samples_every=1)
for step in (1, 2):
    tracker.add(batch([1.0, None], [0.5, 0.5], fingerprint=f"f{{step}}", tokens=[3, 4]))
    tracker.finish(step, {{}})
sink.warn("guards.cut_off", "too long")
print("id", sink._run.id, sink._run.config["server_changed"])
sink._run.finish()
"""
    environment = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    ids = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        ids.append(next(line for line in done.stdout.splitlines() if line.startswith("id ")))
    assert ids[0] == ids[1]
    assert "'2': 'f2'" in ids[0]
    assert list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert list((tmp_path / "wandb").glob("offline-run-*/files/media/table/samples*.json"))


def test_a_demand_is_met_where_it_is_installed() -> None:
    demanded = load_settings("cpu-demo").run.model_copy(update={"report_to": "wandb"})
    try:
        import wandb  # noqa: F401
    except ImportError:
        with pytest.raises(SettingsError, match="wandb is not installed"):
            wants_wandb(demanded, {})
    else:
        assert wants_wandb(demanded, {})
