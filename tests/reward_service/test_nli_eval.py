"""`nli-eval` and `calibrate` on the real embedded model, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reward_service.cli import main
from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.pack import load_nli
from reward_service.settings import variables
from reward_service.types import Calibration, Pair

PAIRS = [
    (
        "The guild raised the price of bread.",
        "The guild raised the price of bread.",
        "entailment",
        "identity",
    ),
    ("The guild raised the price of bread.", "The price of bread was raised.", "entailment", "passive"),
    (
        "The guild raised the price of bread.",
        "The guild lowered the price of bread.",
        "contradiction",
        "antonym",
    ),
    (
        "The guild raised the price of bread.",
        "The guild never raised the price of bread.",
        "contradiction",
        "",
    ),
    ("The guild raised the price of bread.", "Sailors came from the north.", "neutral", ""),
]
QUESTIONS = [
    (
        "Who sets prices?",
        "The guild sets the price of bread. Merchants may not sell below it. Bakers obey the rule.",
    ),
    (
        "What is rent?",
        "Rent is paid by the tenant to the landlord. It is a part of surplus-value. Land has no value.",
    ),
    (
        "What is a strike?",
        "A strike stops production. Workers use it to raise wages. The owners lose profit by it.",
    ),
]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*variables().values(), "PORT"):
        monkeypatch.delenv(variable, raising=False)


def write(path: Path, records: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def pairs_file(folder: Path, labels: dict[str, str] | None = None) -> Path:
    names = labels or {}
    records = []
    for premise, hypothesis, label, phenomenon in PAIRS:
        record = {"premise": premise, "hypothesis": hypothesis, "label": names.get(label, label)}
        records.append(record | ({"phenomenon": phenomenon} if phenomenon else {}))
    return write(folder / "pairs.jsonl", records)


def evaluated(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["nli-eval", str(file), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_json_holds_accuracy_confusion_and_calibration_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = evaluated(pairs_file(tmp_path), capsys)
    assert told["n"] == 5
    assert told["accuracy"] >= 0.8
    assert sum(sum(row.values()) for row in told["confusion"].values()) == 5
    assert 0.0 <= told["ece"] <= 1.0
    assert set(told["by_phenomenon"]) == {"identity", "passive", "antonym"}
    assert told["model"]["name"] == "embedded"
    assert told["model"]["calibrated"]


def test_two_way_labels_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    merged = {"neutral": "not_entailment", "contradiction": "not_entailment"}
    told = evaluated(pairs_file(tmp_path, merged), capsys)
    assert set(told["confusion"]) == {"entailment", "not_entailment"}
    assert told["accuracy"] >= 0.8


def test_a_person_reads_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nli-eval", str(pairs_file(tmp_path))]) == 0
    said = capsys.readouterr()
    assert "accuracy" in said.out
    assert "by phenomenon" in said.out
    assert "contradiction" in said.out
    assert "judging" in said.err


def test_a_bad_line_is_said_and_the_exit_status_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "pairs.jsonl", [{"premise": "a", "hypothesis": "b", "label": "perhaps"}])
    assert main(["nli-eval", str(file)]) == 1
    said = capsys.readouterr()
    assert "pairs.jsonl:1:label" in said.err
    assert said.out == ""


def calibrated(tmp_path: Path, *further: str) -> int:
    questions = [{"instruction": asked, "response": answer} for asked, answer in QUESTIONS]
    arguments = [
        "calibrate",
        *("--dataset", str(write(tmp_path / "qa.jsonl", questions))),
        *("--pairs", str(pairs_file(tmp_path))),
        *("--out", str(tmp_path / CALIBRATION_FILE)),
    ]
    return main([*arguments, *further])


def test_a_calibration_is_written_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = [
        {"instruction": "What is rent?", "kind": "hollow", "answer": "There are many perspectives on rent."},
        {
            "instruction": "What is rent?",
            "kind": "paraphrase",
            "answer": "Tenants pay rent to those who own land.",
        },
    ]
    assert calibrated(tmp_path, "--variants", str(write(tmp_path / "hand.jsonl", hand))) == 0
    stored = json.loads((tmp_path / CALIBRATION_FILE).read_text())
    assert stored["model"] == "embedded"
    assert "3 questions of qa.jsonl" in stored["source"]
    assert "1 of them with answers by hand (hand.jsonl)" in stored["source"]
    assert "temperature on pairs.jsonl" in stored["source"]
    assert "the half that chose nothing" in capsys.readouterr().err
    monkeypatch.setenv("REWARD_NLI_CALIBRATION", str(tmp_path / CALIBRATION_FILE))
    told = evaluated(pairs_file(tmp_path), capsys)
    assert told["model"]["temperature"] == stored["temperature"]
    assert told["model"]["calibrated"] == stored["source"]


def test_a_calibration_of_another_model_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"model": "facebook/bart-large-mnli", "revision": "abc", "temperature": 2.0}))
    monkeypatch.setenv("REWARD_NLI_CALIBRATION", str(other))
    assert main(["nli-eval", str(pairs_file(tmp_path))]) == 1
    assert "facebook/bart-large-mnli" in " ".join(capsys.readouterr().err.split())


def test_too_few_questions_are_refused_before_models_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrated(tmp_path, "--questions", "1") == 1
    assert "at least two different questions" in capsys.readouterr().err


def test_an_answer_to_no_question_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand = write(tmp_path / "hand.jsonl", [{"instruction": "Why?", "kind": "hollow", "answer": "Well."}])
    assert calibrated(tmp_path, "--variants", str(hand)) == 1
    assert "hand.jsonl:1:instruction" in " ".join(capsys.readouterr().err.split())


def test_another_temperature_flattens_the_same_verdict() -> None:
    nli = load_nli("embedded", device="cpu")
    flat = nli.recalibrated(Calibration(temperature=50.0))
    prepared = nli.prepare([Pair("Bread is dear.", "Bread is cheap.")])
    (sharp,), (dull,) = nli.run(prepared), flat.run(prepared)
    assert max(dull) == pytest.approx(1 / 3, abs=0.1)
    assert sharp.index(max(sharp)) == dull.index(max(dull))
    assert max(sharp) > max(dull)


def test_a_place_that_cannot_be_written_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_file").write_text("")
    assert calibrated(tmp_path, "--out", str(tmp_path / "a_file" / "c.json")) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "name another place with --out" in said
    assert "temperature (pairs)" not in said
