"""A small audit of the recommended rewards, on the real embedded models; `make audit` is the full one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reward_service.commands import audit
from reward_service.settings import Settings, variables

REWARDS = ("full_coherence_reward", "full_coherence_smooth_reward")
# Few questions: one duel more or less moves a rate by two or three points.  A reference with another
# question's
# answer behind it is what the banded reward is weakest against, and of six questions the other one is a
# neighbour.
REQUIRED = (
    *("win_rate>=0.9", "win_rate.reversal>=0.85", "win_rate.with_another_answer>=0.4"),
    *("mean_win_rate>=0.97", "top_third>=0.85", "zero_spread<=0.05", "rank_correlation>=0.6"),
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables().values():
        monkeypatch.delenv(variable, raising=False)


def audited(tmp_path: Path, dataset: Path, answers: Path | None, sample: int) -> dict[str, Any]:
    job = audit.Job(
        dataset=[dataset],
        answers=answers,
        rewards=REWARDS,
        sample=sample,
        seed=20261,
        url=None,
        require=(*REQUIRED, "false_contradictions<=0.1"),
        out=tmp_path,
    )
    audit.run(job, Settings(), Console(file=io.StringIO(), width=120))
    report: dict[str, Any] = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    return report


def missed(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in report["requirements"] if not entry["met"]]


def test_on_questions_with_answers_by_hand(root: Path, tmp_path: Path) -> None:
    data = root / "training_data"
    report = audited(tmp_path, data / "curated_qa.jsonl", data / "answer_variants.jsonl", sample=6)
    assert report["attacks"]["reversed_by_hand"]["made"] == 6
    assert missed(report) == []


def test_on_curated_development_questions(development_data: Path, tmp_path: Path) -> None:
    assert missed(audited(tmp_path, development_data / "curated_qa_dev.jsonl", None, sample=6)) == []
