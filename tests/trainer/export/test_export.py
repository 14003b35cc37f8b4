"""The command: whole or not at all, nothing is written over, and every file is listed with its sum."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.export.parts import save_adapter, save_run
from tests.trainer.tiny import save_tiny_policy
from trainer.commands.export import FORMATS as DEFAULT_FORMATS
from trainer.export.errors import ExportError
from trainer.export.export import FORMATS, check_folder, parse_formats


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the tiny policy, with what a checkpoint holds besides."""
    folder = tmp_path_factory.mktemp("export")
    base = save_tiny_policy(folder / "base")
    save_adapter(base, folder / "run" / "adapter", scale=0.1)
    (folder / "run" / "adapter" / "optimizer.pt").write_bytes(b"moments")
    return save_run(folder / "run", model=str(base))


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer", "export", *map(str, arguments)],
        env={**os.environ, "COLUMNS": "200", "LLAMA_CPP": ""}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip


def test_an_export_is_whole_and_listed_and_never_written_over(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for expected in ([out], [out, tmp_path / "out.1"]):
        done = command(run, "--output-dir", out, "--formats", "adapter,merged")
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(tmp_path.iterdir()) == expected, "and nothing is left beside it"
    assert "was moved to" in done.stdout
    assert "merged/model.safetensors" in done.stdout
    assert done.stderr == ""

    manifest = json.loads((out / "export.json").read_text(encoding="utf-8"))
    assert manifest["formats"] == ["adapter", "merged"]
    assert (manifest["dtype"], manifest["llama_cpp"]) == ("float16", None)
    there = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    listed = {file["path"]: file for file in manifest["files"]}
    assert listed.keys() == there.keys() - {"export.json"}
    assert "adapter/optimizer.pt" not in listed
    for path, file in listed.items():
        content = there[path].read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_what_can_not_be_exported_is_said_before_the_work_and_leaves_nothing(
    run: Path, tmp_path: Path
) -> None:
    done = command(run, "--output-dir", tmp_path / "out", "--llama-cpp", tmp_path / "none")
    assert done.returncode == 1
    assert "error: --llama-cpp" in done.stdout
    assert "`make llama-cpp`" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_work_leaves_nothing(run: Path, tmp_path: Path) -> None:
    arguments = (run, "--output-dir", tmp_path / "out", "--formats", "merged", "--base", "nobody/nothing")
    done = command(*arguments)
    assert done.returncode == 1
    assert "the base nobody/nothing can't be loaded" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "new")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ExportError, match=r"--output-dir .*: holds something else"):
        check_folder(tmp_path)
    with pytest.raises(ExportError, match=r"--output-dir .*: is a file"):
        check_folder(tmp_path / "notes.txt")


def test_formats_are_checked_and_put_in_order() -> None:
    assert parse_formats(DEFAULT_FORMATS) == list(FORMATS)
    assert parse_formats("gguf-q8_0, merged") == ["merged", "gguf-q8_0"]
    with pytest.raises(
        ExportError, match="--formats: gguf-q5 is no format; there are: adapter, merged, gguf-f16"
    ):
        parse_formats("merged,gguf-q5")
    with pytest.raises(ExportError, match="--formats: names none"):
        parse_formats(" ,")
    with pytest.raises(ExportError, match="--formats: modelfile needs a file to name"):
        parse_formats("merged,modelfile")
