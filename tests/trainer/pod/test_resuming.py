"""Only an outage is resumed, and only as long as the run gets on."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from shared.client_errors import RewardRejected, RewardUnavailable
from trainer.pod.resuming import Resuming
from trainer.runfolder import RunFolder
from trainer.stopping import Stopped

UNAVAILABLE = RewardUnavailable("http://127.0.0.1:8080", "connection refused", 9, 120.0)


def stopped(folder: RunFolder, step: int, reason: BaseException) -> None:
    """What a run leaves that broke off after this step."""
    folder.checkpoint(step).mkdir(parents=True)
    (folder.checkpoint(step) / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    folder.summary.write_text(json.dumps({"status": "stopped", "reason": str(reason)}))


def test_an_outage_is_resumed_as_long_as_the_run_gets_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    resumes = Resuming(folder)
    stopped(folder, 5, UNAVAILABLE)
    assert resumes(3)
    assert not resumes(3), "the second attempt brought nothing"
    stopped(folder, 6, UNAVAILABLE)
    assert resumes(3)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (3, Stopped(signal.SIGTERM)),
        (3, Stopped(signal.SIGINT)),
        (3, RewardRejected(422, "bad_field", "no such reward", "rewards.0")),
        (0, UNAVAILABLE),
        (1, UNAVAILABLE),
        (137, UNAVAILABLE),
    ],
)
def test_nothing_else_is_resumed(tmp_path: Path, status: int, reason: BaseException) -> None:
    folder = RunFolder(tmp_path)
    stopped(folder, 5, reason)
    assert not Resuming(folder)(status)


def test_without_a_checkpoint_or_a_summary_nothing_is_resumed(tmp_path: Path) -> None:
    assert not Resuming(RunFolder(tmp_path))(3)
    folder = RunFolder(tmp_path / "run")
    stopped(folder, 5, UNAVAILABLE)
    folder.summary.unlink()
    assert not Resuming(folder)(3)
