"""The notebook is what its source says, and runs from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from trainer.notebook import NOTEBOOK, notebook_text


def test_the_notebook_is_made_from_its_source() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert text == notebook_text(), "run `make notebook`"
    assert all(not cell.get("outputs") for cell in json.loads(text)["cells"])


@pytest.mark.slow
def test_it_runs_on_a_cpu_with_the_demo_preset(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    for name, value in {
        "TOUCHSTONE_CHECKOUT": str(root),
        "TOUCHSTONE_PRESET": "cpu-demo",
        "TOUCHSTONE_STEPS": "1",
        "TOUCHSTONE_OUTPUT": str(run),
        "TOUCHSTONE_FORMATS": "adapter,merged",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "jupyter"),
    }.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.reads(notebook_text(), as_version=4)
    NotebookClient(notebook, timeout=500, kernel_name="python3").execute()
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["status"] == "complete"
    assert (run / "export" / "merged" / "model.safetensors").exists()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "step 1 of 1" in printed
    assert "no GPU here" in printed
