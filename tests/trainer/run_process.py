"""A trainer in a process of its own, whose output is read while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from safetensors.numpy import load_file

KEY = "run-test-key"
WAIT_S = 400.0
"""Ample: a run takes about 15 s on an idle machine, and many times that where it has to share the cores."""


@dataclass
class Run:
    """A trainer process, whose output is read while it runs."""

    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    output: str = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainer", *self.arguments],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OMP_NUM_THREADS": "1", "TRAINER_API_KEY": KEY, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def until(self, text: str) -> None:
        """Read lines until one holds the text."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output += line
            if text in line:
                return
        pytest.fail(f"the run ended without saying {text!r}:\n{self.output}")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Read the rest; returns the exit status."""
        rest, _ = self._process.communicate(timeout=WAIT_S)
        self.output += rest
        return self._process.returncode


def weights(folder: Path) -> dict[str, Any]:
    """What the adapter of a run holds."""
    return dict(load_file(folder / "adapter" / "adapter_model.safetensors"))


def summary(folder: Path) -> dict[str, Any]:
    """What `summary.json` of a run holds."""
    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))
