"""What the benchmarks' tests share: the repository's texts, and a tiny model of random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.shape import Shape, shaped_model
from benchmarks.texts import ANSWERS, QUESTIONS, Material, read_material

TINY = Shape(layers=1, width=32, inner=64, heads=2, vocabulary=30_522, positions=128)
THREADS = {"threads": 1, "annotator_processes": 0}
"""Settings of servers that are small and start fast."""


@pytest.fixture(scope="session")
def material(root: Path) -> Material:
    return read_material(root / QUESTIONS, root / ANSWERS)


@pytest.fixture(scope="session")
def tiny_shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a BART that is as small as one can be."""
    return shaped_model(TINY, tmp_path_factory.mktemp("shapes"))
