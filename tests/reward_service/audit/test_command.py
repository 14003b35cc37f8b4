"""`audit` from the command line's side: what it prints, writes and returns; the engine is a stand-in."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reward_service.cli import main
from reward_service.commands import audit
from reward_service.errors import RequestError, UnknownReward
from reward_service.settings import Settings, variables
from shared.schema import DEFAULT_REWARD
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.audit.conftest import QUESTIONS


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables().values():
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    lines = [{"instruction": each.question, "response": each.answer} for each in QUESTIONS]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def job(dataset: Path, out: Path, **changes: Any) -> audit.Job:
    given: dict[str, Any] = {
        "dataset": [dataset],
        "answers": None,
        "rewards": (DEFAULT_REWARD,),
        "sample": None,
        "seed": 3,
        "url": None,
        "require": (),
        "out": out,
    }
    return audit.Job(**given | changes)


def _given(scorer: FakeScorer, _: Settings) -> FakeScorer:
    return scorer


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_an_audit_is_printed_and_written(dataset: Path, tmp_path: Path, console: Console) -> None:
    """The stand-in scores the length of an answer, so padding wins and truncation loses."""
    out = tmp_path / "audit"
    assert audit.run(job(dataset, out), Settings(), console, lambda _: FakeScorer()) == 0
    report = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    attacks = report["rewards"][DEFAULT_REWARD]["attacks"]
    assert attacks["padded"]["win_rate"] == 0.0
    assert attacks["padded"]["worst"][0]["evidence"]["attack"]
    assert attacks["truncated"]["win_rate"] == 1.0
    assert attacks["unclosed_reasoning"]["win_rate"] is None  # an empty answer has no score here
    assert attacks["unclosed_reasoning"]["unscored"] == attacks["padded"]["pairs"]
    assert attacks["reversed_by_hand"]["pairs"] == 0
    assert report["made"]["questions"] == 3
    assert report["made"]["fingerprint"] == "f00d"
    assert report["made"]["scored_with"] == "fake pack, in process"
    assert report["rewards"][DEFAULT_REWARD]["groups"]["n"] == 3
    assert "padded" in said(console)
    page = (out / "audit.html").read_text(encoding="utf-8")
    assert "padded" in page
    assert "http-equiv" in page


def test_the_same_seed_gives_the_same_answers(dataset: Path, tmp_path: Path, console: Console) -> None:
    asked = []
    for seed in (3, 3, 4):
        scorer = FakeScorer()
        order = job(dataset, tmp_path / "audit", seed=seed, sample=2)
        audit.run(order, Settings(), console, partial(_given, scorer))
        asked.append([sample.completion.text for batch in scorer.asked for sample in batch[0]])
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]


def test_a_missed_requirement_is_named_and_ends_with_status_1(
    dataset: Path, tmp_path: Path, console: Console
) -> None:
    order = job(dataset, tmp_path, require=("win_rate.truncated>=0.9", "win_rate.padded>=0.97"))
    assert audit.run(order, Settings(), console, lambda _: FakeScorer()) == 1
    assert f"missed: win_rate.padded>=0.97 ({DEFAULT_REWARD}, padded): 0.0000" in said(console)
    assert "missed: win_rate.truncated" not in said(console)
    report = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert [entry["met"] for entry in report["requirements"]] == [True, False]


def test_answers_of_people_stand_beside_those_by_rule(
    dataset: Path, tmp_path: Path, console: Console
) -> None:
    lines = [
        {"instruction": QUESTIONS[0].question, "kind": kind, "answer": answer}
        for kind, answer in QUESTIONS[0].by_hand.items()
    ]
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines))
    audit.run(job(dataset, tmp_path, answers=answers), Settings(), console, lambda _: FakeScorer())
    report = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert report["honest"]["paraphrase"]["made"] == 1
    assert report["attacks"]["reversed_by_hand"]["made"] == 1
    assert report["made"]["paraphrases"] == "answers.jsonl"


def test_what_is_wrong_is_said_before_the_models_load(
    dataset: Path, tmp_path: Path, console: Console
) -> None:
    def never(_: Settings) -> FakeScorer:
        raise AssertionError("loaded")

    with pytest.raises(RequestError, match="no figure is named 'wins'"):
        audit.run(job(dataset, tmp_path, require=("wins>=1",)), Settings(), console, never)
    with pytest.raises(RequestError, match="at least two different questions"):
        audit.run(job(dataset, tmp_path, sample=1), Settings(), console, never)
    with pytest.raises(UnknownReward, match="no reward is named 'nonsense'"):
        audit.run(job(dataset, tmp_path, rewards=("nonsense",)), Settings(), console, lambda _: FakeScorer())


def test_the_command_line_names_what_it_cannot_take(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["audit", "--dataset", "x.jsonl", "--sample", "0"])
    assert "must be 1 or more" in capsys.readouterr().err
    assert main(["audit", "--dataset", "missing.jsonl"]) == 1
