"""What an earlier run left is kept, and only whole checkpoints count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainer.runfolder import RunFolder, RunFolderError


def add_checkpoint(folder: Path, step: int, state: str | None = None) -> None:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    if state is not None:
        (path / "trainer_state.json").write_text(state, encoding="utf-8")


def quiet(text: str) -> None:
    del text


def test_the_last_whole_checkpoint_is_found_by_number(tmp_path: Path) -> None:
    for step in (2, 10, 9):
        add_checkpoint(tmp_path, step, json.dumps({"global_step": step}))
    add_checkpoint(tmp_path, 11)
    add_checkpoint(tmp_path, 12, '{"global_st')
    assert RunFolder(tmp_path).last_checkpoint() == (10, tmp_path / "checkpoint-10")


def test_resume_forgets_the_steps_that_are_done_again(tmp_path: Path) -> None:
    add_checkpoint(tmp_path, 2, '{"global_step": 2}')
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"step": 4, "sec', encoding="utf-8")
    begun = RunFolder(tmp_path).make_ready(resume=True, report=quiet)
    assert begun == (2, tmp_path / "checkpoint-2")
    assert metrics.read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n'


def test_resume_needs_a_checkpoint(tmp_path: Path) -> None:
    add_checkpoint(tmp_path, 3)
    with pytest.raises(RunFolderError, match="no whole checkpoint"):
        RunFolder(tmp_path).make_ready(resume=True, report=quiet)


def test_a_new_run_moves_an_earlier_one_aside(tmp_path: Path) -> None:
    said: list[str] = []
    folder = RunFolder(tmp_path / "run")
    for content in ("first", "second", "third"):
        assert folder.make_ready(resume=False, report=said.append) is None
        folder.summary.write_text(content, encoding="utf-8")
    assert [(tmp_path / name / "summary.json").read_text() for name in ("run.1", "run.2", "run")] == [
        "first",
        "second",
        "third",
    ]
    assert len(said) == 2


def test_a_log_alone_is_no_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("ready", encoding="utf-8")
    RunFolder(tmp_path).make_ready(resume=False, report=quiet)
    assert (tmp_path / "server.log").exists()


def test_clear_removes_a_run_and_nothing_else(tmp_path: Path) -> None:
    add_checkpoint(tmp_path, 1, "{}")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "summary.json").touch()
    (tmp_path / "mine.txt").touch()
    RunFolder(tmp_path).clear()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
