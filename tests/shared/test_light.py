"""The thin parts import without the heavy ones: a trainer's adapter must not cost a model library's start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "numpy",
    "spacy",
    "sentence_transformers",
    "datasets",
    "fastapi",
)


@pytest.mark.parametrize("module", ["shared.client", "shared.schema", "shared.completion", "trainer.rewards"])
def test_a_fresh_interpreter_loads_nothing_heavy(module: str, root: Path) -> None:
    program = (
        f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules))); "
        f"print(*sorted(name for name in sys.modules if name.startswith('reward_service')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True, timeout=120
    )
    heavy, foreign = done.stdout.split("\n")[:2]
    assert heavy == ""
    assert foreign == ""


def test_the_check_can_fail(root: Path) -> None:
    program = f"import sys, numpy; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "numpy"
