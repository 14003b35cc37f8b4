"""Questions, and an evaluation of them, for all tests of this folder."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from trainer.evaluation.naming import read_name
from trainer.evaluation.plan import Plan, Sampling
from trainer.settings import RewardSettings

QUESTIONS = (
    (
        "What is surplus-value?",
        "Surplus-value is the value that labour adds beyond the value of labour-power.",
    ),
    ("What is the state?", "The state is the organised power of one class for holding down another class."),
    ("What is a commodity?", "A commodity is a useful thing that is produced for exchange on a market."),
    ("What is ideology?", "Ideology presents the interest of the ruling class as the interest of all."),
)
SYSTEM = "Answer in one paragraph."

MakePlan = Callable[..., Plan]


def grpo_line(question: str, reference: str, system: str | None = SYSTEM) -> dict[str, Any]:
    prompt = [{"role": "user", "content": question}]
    if system is not None:
        prompt.insert(0, {"role": "system", "content": system})
    return {"prompt": prompt, "reference": reference}


def write_lines(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "questions.jsonl", [grpo_line(*each) for each in QUESTIONS])


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


@pytest.fixture
def make_plan(tmp_path: Path, questions: Path) -> MakePlan:
    """A plan with short waits; keywords change it."""

    def make(*policies: str, url: str = "http://127.0.0.1:9", **changes: Any) -> Plan:
        rewards = changes.pop("rewards", ("full_coherence_reward", "match_format_approximately"))
        settings = RewardSettings(
            names=rewards,
            weights=(1.0,) * len(rewards),
            url=url,
            startup_patience_s=20,
            patience_s=5,
            deadline_s=60,
        )
        sampling = {"samples": 1, "temperature": 0.0, "top_p": 1.0, "max_tokens": 16, "seed": 3}
        given: dict[str, Any] = {
            "policies": tuple(read_name(each) for each in policies),
            "questions": questions,
            "limit": None,
            "system_prompt": None,
            "sampling": Sampling(**{**sampling, **changes.pop("sampling", {})}),
            "rewards": settings,
            "output_dir": tmp_path / "out",
            "batch_size": 2,
            "concurrency": 2,
            "patience_s": 5.0,
            "timeout_s": 20.0,
            "resamples": 1000,
            "command": "python -m trainer evaluate",
        }
        return Plan(**given | changes)

    return make


def said(console: Console) -> str:
    """What was printed."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
