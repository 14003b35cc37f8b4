"""`check-eval`: findings of honest answers and attacks, judged by any policy, again and again."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from reward_service.audit.checking import SETTINGS, Checked, figures, passages, shares
from reward_service.audit.maker import Source
from reward_service.checks.policy import Policy, Rule
from reward_service.commands import check_eval
from reward_service.errors import RequestError
from reward_service.settings import Settings, variables
from tests.reward_service.audit.conftest import QUESTIONS

POLICY = Policy(name="p", doc="D.", rules={"loop": Rule(review=0.3, fail=0.6), "empty": Rule(fail=1)})


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables().values():
        monkeypatch.delenv(variable, raising=False)


def checked(honest: bool, *measures: float, setting: str = SETTINGS[0]) -> list[Checked]:
    """An answer for each measure of `loop`."""
    maker = "reference" if honest else "repeated"
    return [Checked("Q?", maker, "f", honest, setting, [("loop", measure)]) for measure in measures]


def job(out: Path, **changes: object) -> check_eval.Job:
    given: dict[str, object] = {
        "dataset": [],
        "answers": None,
        "half": None,
        "sample": None,
        "seed": 3,
        "url": None,
        "again": None,
        "out": out,
    }
    return check_eval.Job(**given | changes)  # type: ignore[arg-type]


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def write(path: Path, found: Sequence[Checked]) -> Path:
    path.write_text("".join(json.dumps(one.as_json()) + "\n" for one in found), encoding="utf-8")
    return path


def test_shares_follow_the_thresholds() -> None:
    found = checked(True, 0.1, 0.29, 0.3, 0.6)
    assert shares(found, POLICY) == {"n": 4, "pass": 0.5, "review": 0.25, "fail": 0.25}
    assert shares([], POLICY) == {"n": 0, "pass": None, "review": None, "fail": None}


def test_figures_keep_settings_sides_makers_and_codes_apart() -> None:
    found = [*checked(True, 0.1), *checked(False, 0.4, 0.9), *checked(False, 0.1, setting=SETTINGS[1])]
    told = figures(found, POLICY)
    alone = told[SETTINGS[0]]
    assert alone["honest"]["all"] == {"n": 1, "pass": 1.0, "review": 0.0, "fail": 0.0}
    assert alone["attacks"]["by_maker"]["repeated"] | {"family": "f"} == {
        "family": "f",
        "n": 2,
        "pass": 0.0,
        "review": 0.5,
        "fail": 0.5,
    }
    assert alone["attacks"]["by_code"]["loop"] == {"review": 1.0, "fail": 0.5}
    assert alone["attacks"]["by_code"]["empty"] == {"review": None, "fail": 0.0}
    assert told[SETTINGS[1]]["attacks"]["all"]["pass"] == 1.0


def test_the_passages_hold_the_reference_and_not_it_alone(made_sources: list[Source]) -> None:
    source = made_sources[0]
    assert source.reference in passages(source)
    assert len(passages(source)) > 1


def test_an_earlier_run_is_judged_again_without_models(tmp_path: Path) -> None:
    findings = write(tmp_path / "findings.jsonl", [*checked(True, 0.0), *checked(False, 0.9)])
    said = console()
    assert check_eval.run(job(tmp_path / "out", again=findings), Settings(), said) == 0
    report = json.loads((tmp_path / "out" / "check-eval.json").read_text(encoding="utf-8"))
    assert set(report["policies"]) == {"strict", "default", "lenient"}
    assert report["policies"]["default"][SETTINGS[0]]["attacks"]["all"]["fail"] == 1.0
    assert isinstance(said.file, io.StringIO)
    assert "100.0%" in said.file.getvalue()


def test_a_bad_line_is_named_and_so_is_what_is_missing(tmp_path: Path) -> None:
    bad = tmp_path / "findings.jsonl"
    bad.write_text('{"question": "Q?"}\n', encoding="utf-8")
    with pytest.raises(RequestError, match=r"findings\.jsonl:1"):
        check_eval.run(job(tmp_path, again=bad), Settings(), console())
    with pytest.raises(RequestError, match="--dataset"):
        check_eval.run(job(tmp_path), Settings(), console())


def test_each_question_is_in_one_half_whatever_file_it_stands_in(tmp_path: Path) -> None:
    lines = [{"instruction": f"Question {number}?", "response": "An answer."} for number in range(40)]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    halves = [
        {q.question for q in check_eval.questions_of(job(tmp_path, dataset=[path], half=half))}
        for half in check_eval.HALVES
    ]
    assert not halves[0] & halves[1]
    assert len(halves[0] | halves[1]) == 40
    assert min(map(len, halves)) > 10


@pytest.mark.slow
def test_real_models_tell_honest_answers_from_attacks(tmp_path: Path) -> None:
    lines = [{"instruction": each.question, "response": each.answer} for each in QUESTIONS]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    settings = Settings(annotator_processes=0)
    assert check_eval.run(job(tmp_path / "out", dataset=[path], sample=2), settings, console()) == 0
    report = json.loads((tmp_path / "out" / "check-eval.json").read_text(encoding="utf-8"))
    with_passages = report["policies"]["default"][SETTINGS[1]]
    assert with_passages["honest"]["all"]["fail"] == 0.0
    assert with_passages["attacks"]["all"]["pass"] < 0.25
    lines_found = (tmp_path / "out" / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines_found) == 2 * report["made"]["answers"]
