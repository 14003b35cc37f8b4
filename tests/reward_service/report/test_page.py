"""The page of a report: it says what the JSON says, and nothing on it can harm."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from reward_service.pages.plots import Axis
from reward_service.pages.wording import number, signed
from reward_service.report import marks
from reward_service.report.build import build
from reward_service.report.page import p_value, write_page
from tests.reward_service.report.conftest import REWARD
from tests.reward_service.report.test_compare import NAN, scores
from tests.support.html_page import Page

HOSTILE = """<script>alert(1)</script> "double" 'single' & </style></title><img src=x onerror=alert(2)>"""
MADE = {"date": "2026-11-29", "version": "0.1.0", "command": f"report {HOSTILE}"}


@pytest.fixture
def report() -> dict[str, Any]:
    values = [float(row % 7) for row in range(12)]
    questions = [f"{HOSTILE} {row}?" for row in range(12)]
    files = [
        scores("base", [*values[:-1], NAN], questions=questions, reasons=[HOSTILE] * 12, words=range(12)),
        scores(f"one {HOSTILE}", [each + 1 for each in values], questions=questions, parts={HOSTILE: values}),
        scores("two", [each * 2 for each in values], questions=questions, fingerprints=(HOSTILE,)),
    ]
    return {**build(files, (), None, 1), "made": MADE}


def page(report: dict[str, Any], folder: Path) -> Page:
    write_page(report, folder / "report.html")
    return Page((folder / "report.html").read_text("utf-8"))


def test_nothing_from_the_files_becomes_markup(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    assert [tag for tag, _ in found.elements].count("script") == 1
    assert "alert" not in next(data for above, data in found.pieces if "script" in above)
    assert HOSTILE in found.text()
    assert found.text().count(HOSTILE) > 30


def test_it_needs_nothing_but_itself(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    found.require_self_contained()
    assert len(set(found.ids)) == len(found.ids)


def test_the_page_says_what_the_json_says(report: dict[str, Any], tmp_path: Path) -> None:
    said = " ".join(page(report, tmp_path).text().split())
    under = report["rewards"][REWARD]
    for of in under["files"].values():
        low, high = of["interval"]
        assert f"{number(of['mean'])} [{number(low)}, {number(high)}]" in said
    for of in under["comparisons"].values():
        low, high = of["difference"]["interval"]
        assert f"{signed(of['difference']['mean'])} [{signed(low)}, {signed(high)}]" in said
        assert f"won ({of['wins']})" in said
        assert f"lost ({of['losses']})" in said
        assert p_value(of["test"]) in said
        for each in (*of["gained"], *of["lost"]):
            assert f"{signed(each['difference'])} {each['question']}" in said
            for side in ("ours", "theirs"):
                assert each[side]["answers"][0]["text"] in said


def test_a_figure_that_is_changed_changes_on_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    report["rewards"][REWARD]["comparisons"]["two"]["difference"]["mean"] = 77.25
    assert "+77.25" in page(report, tmp_path).text()


def test_warnings_and_what_is_left_out_are_seen_at_once(report: dict[str, Any], tmp_path: Path) -> None:
    shown = " ".join(page(report, tmp_path).text(shown=True).split())
    assert "! The files were scored under different fingerprints" in shown
    assert "Compared only where both are scored: 11 of 12 matched questions." in shown
    assert "1 (8.3 %)" in shown
    assert "base: 1 answer without a score (8.3 %)" in shown


def test_one_file_is_described_alone(tmp_path: Path) -> None:
    found = page({**build([scores("only", [1.0, 2.0])], (), None, 1), "made": MADE}, tmp_path)
    said = " ".join(found.text().split())
    assert "1 file, 1 reward." in said
    assert "no interval: 2 questions, 5 are needed" in said
    assert "against" not in found.text().replace("Score against length", "")
    assert "circle" in [tag for tag, _ in found.elements]


def test_what_has_no_value_gets_none(tmp_path: Path) -> None:
    files = [
        scores("a", [NAN, NAN], words=[NAN, NAN]),
        scores("b", [1.0, 1.0], questions=["Else?", None], words=[NAN, NAN]),
        scores("c", [NAN, 1.0], words=[1, 1]),
    ]
    said = page({**build(files, (), None, 1), "made": MADE}, tmp_path).text()
    assert "The files have no question in common." in said
    assert "No question has a score in both files." in said
    for bad in ("None", "nan", "NaN"):
        assert bad not in said.split()


def test_texts_that_a_file_lacks_are_said_to_be_lacking(tmp_path: Path) -> None:
    ids = [f"row-{row}" for row in range(6)]
    files = [
        scores(label, [value] * 6, ids=ids, questions=[None] * 6, words=[NAN] * 6)
        for label, value in (("a", 1.0), ("b", 2.0))
    ]
    bare = [replace(file, answers=(None,) * 6) for file in files]
    said = page({**build(bare, (), None, 1), "made": MADE}, tmp_path).text()
    assert "row-3" in said
    assert "The file holds no answers." in said


def test_the_same_report_gives_the_same_bytes(report: dict[str, Any], tmp_path: Path) -> None:
    write_page(report, tmp_path / "one.html")
    write_page(copy.deepcopy(report), tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_missing_field_is_an_error(report: dict[str, Any], tmp_path: Path) -> None:
    del report["made"]["version"]
    with pytest.raises(UndefinedError, match="version"):
        write_page(report, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_p_values() -> None:
    assert p_value(None) == "–"
    assert p_value({"p": 0.0625, "patterns": 32, "exact": True}) == "0.062"
    assert p_value({"p": 0.0003, "patterns": 10_000, "exact": False}) == "0.0003"
    assert p_value({"p": round(1 / 10_001, 6), "patterns": 10_000, "exact": False}) == "≤ 0.0001"


def test_signs() -> None:
    assert [signed(value) for value in (None, 0.0, 0.001, -0.5, 0.5, 2)] == [
        "–",
        "0.00",
        "0.00",
        "−0.50",
        "+0.50",
        "+2",
    ]


def test_means_stand_from_left_to_right_with_their_intervals() -> None:
    files: dict[str, Any] = {
        "a": {"mean": 0.0, "interval": [-1.0, 1.0]},
        "b": {"mean": None, "interval": None},
        "c": {"mean": 1.0, "interval": None},
    }
    up = marks.mean_axis(files)
    assert up is not None
    assert (up.low, up.high) == pytest.approx((-1.16, 1.16))
    first, last = marks.means(files, up)
    assert (first.x, first.y, first.number) == (16.67, 50.0, 1)
    assert (first.low, first.high) == (93.1, 6.9)
    assert (last.x, last.number, last.low) == (83.33, 3, None)
    assert marks.mean_axis({"b": files["b"]}) is None


def test_medians_by_fifths_of_the_answers() -> None:
    points = [[float(words), float(words >= 5)] for words in range(10)]
    across, up = Axis(0, 10), Axis(0, 1)
    found = marks.steps(points, across, up)
    assert [(step.x, step.width, step.median, step.answers) for step in found] == [
        (0.0, 10.0, 0.0, 2),
        (20.0, 10.0, 0.0, 2),
        (40.0, 10.0, 0.5, 2),
        (60.0, 10.0, 1.0, 2),
        (80.0, 10.0, 1.0, 2),
    ]
    assert marks.steps(points[:9], across, up) == []
