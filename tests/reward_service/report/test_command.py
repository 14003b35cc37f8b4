"""`report` from the command line's side, on files as `score` writes them."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reward_service.commands import report, score
from reward_service.errors import RequestError
from reward_service.settings import Settings, variables
from shared.schema import Detail
from tests.reward_service.api.fake_scorer import FakeScorer
from tests.reward_service.report.conftest import REWARD, Write
from tests.support.html_page import Page


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables().values():
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=160)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def parsed(*arguments: object) -> report.Job:
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    return report.job(parser.parse_args(list(map(str, arguments))))


def run(console: Console, *arguments: object) -> int:
    return report.run(parsed(*arguments), Settings(), console)


def figures(page: Path) -> Any:
    return json.loads(page.with_suffix(".json").read_text("utf-8"))


def test_two_files_make_a_page_a_json_file_and_a_table(
    write: Write, tmp_path: Path, console: Console
) -> None:
    base = write("base", [0.0, 1.0, 2.0, 3.0, None, 5.0])
    tuned = write("tuned", [1.0, 2.0, 3.0, 4.0, 5.0, 5.5])
    out = tmp_path / "new" / "report.html"
    assert run(console, base, tuned, "-o", out) == 0
    found = figures(out)["rewards"][REWARD]
    assert found["comparisons"]["tuned"]["difference"]["mean"] == 0.9
    assert found["files"]["base"]["reasons"] == {"no claim in the reference": 1}
    text = Page(out.read_text("utf-8")).text()
    assert "+0.90" in text
    assert "tuned says so." in text
    printed = said(console)
    assert "+0.90" in printed
    assert "5/0/0" in printed
    assert (
        "tuned − base: 5 of 6 questions, paired by id; only where both are scored (null: 0 and 1" in printed
    )
    assert f"written to {out} and {out.with_suffix('.json')}" in printed
    assert "warning" not in printed


def test_one_file_is_enough(write: Write, tmp_path: Path, console: Console) -> None:
    out = tmp_path / "report.html"
    assert run(console, write("base", [0.0, 1.0]), "-o", out) == 0
    assert figures(out)["rewards"][REWARD]["files"]["base"]["mean"] == 0.5
    assert "0.50 (no interval: 2 questions, 5 are needed)" in said(console)


@pytest.mark.parametrize(("strict", "status"), [(False, 0), (True, 1)])
def test_other_fingerprints_are_a_loud_warning(
    write: Write, tmp_path: Path, console: Console, strict: bool, status: int
) -> None:
    files = write("a", [1.0]), write("b", [2.0], fingerprint="another")
    out = tmp_path / "report.html"
    assert run(console, *files, "-o", out, *["--strict"] * strict) == status
    assert "warning: The files were scored under different fingerprints" in said(console)
    assert "different fingerprints" in Page(out.read_text("utf-8")).text(shown=True)
    assert figures(out)["comparable"] is False


def test_strict_is_content_with_one_fingerprint(write: Write, tmp_path: Path, console: Console) -> None:
    files = write("a", [1.0]), write("b", [2.0])
    assert run(console, *files, "--strict", "-o", tmp_path / "report.html") == 0


def test_the_same_files_give_the_same_figures(write: Write, tmp_path: Path, console: Console) -> None:
    files = [
        write(name, [row * step * 0.371 % 7.3 for row in range(30)]) for name, step in (("a", 2), ("b", 3))
    ]
    for out in ("one.html", "two.html"):
        run(console, *files, "-o", tmp_path / out)
    assert figures(tmp_path / "one.html") == figures(tmp_path / "two.html")
    run(console, *files, "-o", tmp_path / "other.html", "--seed", 5)
    one, other = (
        figures(tmp_path / f"{name}.html")["rewards"][REWARD]["files"]["a"] for name in ("one", "other")
    )
    assert one["mean"] == other["mean"]
    assert one["interval"] != other["interval"]


def test_labels_rewards_and_baseline_are_taken(write: Write, tmp_path: Path, console: Console) -> None:
    further = {"rewards": (REWARD, "terminology_reward"), "terminology_reward": [0.5]}
    files = write("a", [1.0], **further), write("b", [2.0], **further)
    out = tmp_path / "report.html"
    labels = ["--label", "[bold]old", "--label", "new"]
    run(console, *files, "-o", out, *labels, "--baseline", "new", "--reward", "terminology_reward")
    found = figures(out)
    assert list(found["rewards"]) == ["terminology_reward"]
    assert found["files"][0]["left_out"] == [REWARD]
    assert found["rewards"]["terminology_reward"]["comparisons"]["[bold]old"]["against"] == "new"
    assert "[bold]old − new" in said(console)


def test_files_of_one_name_are_called_by_their_folders() -> None:
    assert report.labels_of([Path("a.parquet"), Path("b.csv")], ()) == ["a", "b"]
    assert report.labels_of([Path("x/a.csv"), Path("y/a.csv")], ()) == ["x/a", "y/a"]
    assert report.labels_of([Path("a.csv"), Path("a.jsonl")], ()) == ["a.csv", "a.jsonl"]
    for files, labels, wrong in (
        ([Path("a.csv"), Path("a.csv")], (), "2 files are called 'a.csv'"),
        ([Path("a.csv"), Path("b.csv")], ("x",), "1 for 2 files"),
        ([Path("a.csv"), Path("b.csv")], ("x", "x"), "2 files are called 'x'"),
    ):
        with pytest.raises(RequestError, match=wrong):
            report.labels_of(files, labels)


def test_no_file_of_scores_is_overwritten(write: Write, tmp_path: Path, console: Console) -> None:
    base = write("base", [1.0])
    before = base.read_bytes()
    with pytest.raises(RequestError, match=r"--out: .* is one of the files of scores"):
        run(console, base, "-o", base)
    with pytest.raises(RequestError, match="is where the figures go"):
        run(console, base, "-o", tmp_path / "report.json")
    assert base.read_bytes() == before


def test_a_wrong_file_leaves_nothing_behind(write: Write, tmp_path: Path, console: Console) -> None:
    wrong = tmp_path / "b.jsonl"
    wrong.write_text('{"id": "a", "own_reward": "much"}\n')
    with pytest.raises(RequestError, match=r"b\.jsonl:1:own_reward: must be a finite number"):
        run(console, write("a", [1.0]), wrong, "-o", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("detail", list(Detail))
def test_what_score_writes_is_read(tmp_path: Path, console: Console, ending: str, detail: Detail) -> None:
    source, out = tmp_path / "answers.jsonl", tmp_path / f"scored.{ending}"
    rows = [
        {"id": f"q{row}", "prompt": f"Why {row}?", "completion": "So it is, " * row} for row in range(1, 8)
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = score.Job(file=source, out=out, rewards=(REWARD,), detail=detail, url=None)
    scorer = FakeScorer()
    assert score.run(job, Settings(), console, build=lambda _: scorer) == 0
    page = tmp_path / "report.html"
    assert run(console, out, "--strict", "-o", page) == 0
    found = figures(page)
    assert (found["files"][0]["rows"], found["files"][0]["questions"]) == (7, 7)
    assert found["files"][0]["fingerprints"] == [scorer.fingerprint]
    of = found["rewards"][REWARD]["files"]["scored"]
    assert of["scored"] + of["unscored"] == 7
    assert of["length"]["words"] == 12.0
