"""The model card of the embedded NLI model says what the model does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reward_service.models.judging import judge
from reward_service.models.nli import EMBEDDED_FOLDER
from reward_service.models.nli_training import card
from reward_service.models.pack import load_nli
from reward_service.quality.labelled import read_labelled
from reward_service.quality.metrics import report

ROOT = Path(__file__).resolve().parents[3]
OWN_TEST = ROOT / "training_data" / "nli" / "test.jsonl"
TOLERANCE = 0.005
"""Of an accuracy, for another number format or another machine's arithmetic."""


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EMBEDDED_FOLDER / card.FIGURES_FILE).read_text(encoding="utf-8"))
    return found


def test_the_published_figures_of_the_own_test_split_are_the_models(figures: dict[str, Any]) -> None:
    published = figures["final"]["own_test"]
    pairs = read_labelled(OWN_TEST)
    verdicts = judge(load_nli("embedded", device="cpu"), [pair.pair for pair in pairs])
    found = report(np.array(verdicts), pairs)
    assert found.n == published["n"]
    assert found.accuracy == pytest.approx(published["accuracy"], abs=TOLERANCE)
    assert found.ece == pytest.approx(published["ece"], abs=2 * TOLERANCE)


def test_the_card_is_the_one_that_its_template_and_figures_give(tmp_path: Path) -> None:
    for path in EMBEDDED_FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    card.write_card(tmp_path)
    written, kept = ((folder / card.CARD_FILE).read_text() for folder in (tmp_path, EMBEDDED_FOLDER))
    assert written == kept
