"""The page of an audit: everything is on it, nothing on it can harm, and it needs nothing else."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from reward_service.audit.page import shade, write_page
from reward_service.audit.plots import dots, levels, quality_axis
from reward_service.pages.plots import Axis, bars
from reward_service.pages.wording import breakable, duration, number, percent, plain
from tests.support.html_page import Page

SCRIPT = "<script>alert(1)</script>"
QUOTES = """"double" 'single' & ampersand > than < and </style></title>"""
LONG = "value " * 2000 + "w" * 3000 + " the end"
HONEST = {
    "reference": {"doc": "The reference itself.", "family": "honest", "made": 3},
    "paraphrase": {"doc": f"Another person's words. {QUOTES}", "family": "honest", "made": 1},
}
ATTACKS = {
    "shuffled_words": {"doc": "All words, shuffled.", "family": "word soup", "made": 3},
    "reversal_roles": {"doc": "Who does what is swapped.", "family": "falsehoods", "made": 3},
    f"named_{SCRIPT}": {"doc": f"A hostile name. {SCRIPT}", "family": f"falsehoods {SCRIPT}", "made": 0},
}
LOSES = "full_coherence_reward"
BARE = "terminology_reward"


def example(margin: float, evidence: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "question": f"What is rent? {SCRIPT}",
        "margin": margin,
        "honest": {"name": "paraphrase", "text": LONG, "score": 1.25},
        "attack": {"text": QUOTES, "score": 1.25 - margin},
        "evidence": evidence,
    }


def met(win_rate: float | None, worst: list[dict[str, Any]]) -> dict[str, Any]:
    pairs = 0 if win_rate is None else 200
    return {
        "pairs": pairs,
        "wins": round(pairs * (win_rate or 0)),
        "ties": 0 if win_rate is None else 1,
        "win_rate": win_rate,
        "margin": None if win_rate is None else {"mean": 1.5, "median": 1.75, "p5": -0.4},
        "by_honest": {"reference": win_rate, "paraphrase": None},
        "unscored": 3 if win_rate is None else 0,
        "worst": worst,
    }


def reward(rates: list[float | None], groups: dict[str, Any] | None) -> dict[str, Any]:
    evidence = {
        "honest": {
            LOSES: {"score": 1.25, "decided_by": "sum", "parts": {"topic_relevance_reward": None}},
            "topic_relevance_reward": {
                "score": -0.5,
                "evidence": {
                    "claims": [{"claim": SCRIPT, "denied_by": None, "spans": [[0, 4], [7, 9]], "sure": True}],
                    "share_entailed": 0.3333333,
                    "matched_terms": [],
                },
            },
        },
        "attack": {LOSES: {"score": 2.05}, "self_consistency_reward": {"score": None, "reason": QUOTES}},
    }
    worst = [example(-0.8, evidence), example(0.0, None)]
    return {
        "range": [-3.0, 6.0],
        "attacks": {
            name: met(rate, worst if rate is not None and rate < 1 else [])
            for name, rate in zip(ATTACKS, rates, strict=True)
        },
        "mean_win_rate": 0.965,
        "least_win_rate": 0.93,
        "least_attack": "reversal_roles",
        "honest": {
            "reference": {"n": 3, "mean": 5.4, "std": 0.4, "top_third": 1.0},
            "paraphrase": {"n": 0, "mean": None, "std": None, "top_third": None},
        },
        "top_third": 0.93,
        "distribution": {
            "edges": [-3.0, 0.0, 3.0, 6.0],
            "counts": {"reference": [0, 1, 2], "paraphrase": [0, 0, 0], "shuffled_words": [3, 0, 0]},
        },
        "groups": groups,
    }


@pytest.fixture
def report() -> dict[str, Any]:
    groups = {
        "n": 2,
        "size": 4,
        "zero_spread": 0.5,
        "rank_correlation": 0.71,
        "length_correlation": None,
        "saturated_low": 0.0,
        "saturated_high": 0.125,
        "points": [[0.0, -2.5, 80], [0.5, 1.0, 120], [1.0, 5.5, 130]],
    }
    empty = dict.fromkeys(groups) | {"n": 0, "size": 8, "points": []}
    made = {
        "dataset": "curated_qa_dev.jsonl",
        "paraphrases": None,
        "questions": 3,
        "seed": 7,
        "date": "2026-11-24",
        "version": "0.1.0",
        "fingerprint": "9f2c",
        "scored_with": "http://127.0.0.1:8080",
        "answers": 12,
        "seconds": 1830.2,
        "command": f"python -m reward_service audit --dataset {QUOTES}",
    }
    return {
        "schema": 1,
        "made": made,
        "honest": HONEST,
        "attacks": ATTACKS,
        "rewards": {LOSES: reward([1.0, 0.93, None], groups), BARE: reward([0.4, 0.9986, 0.0], empty)},
        "false_contradictions": {
            LOSES: {
                "n": 150,
                "found": 2,
                "share": 0.0133,
                "examples": [{"question": QUOTES, "honest": "paraphrase", "text": f"Said so. {SCRIPT}"}],
            }
        },
        "requirements": [
            {
                "text": "win_rate >= 0.97",
                "reward": LOSES,
                "subject": "reversal_roles",
                "value": 0.93,
                "met": False,
            },
            {
                "text": "win_rate >= 0.3",
                "reward": BARE,
                "subject": "shuffled_words",
                "value": 0.4,
                "met": True,
            },
        ],
    }


def page(report: dict[str, Any], folder: Path) -> Page:
    write_page(report, folder / "audit.html")
    return Page((folder / "audit.html").read_text("utf-8"))


def test_nothing_from_the_answers_becomes_markup(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    assert [tag for tag, _ in found.elements].count("script") == 1
    assert "alert" not in next(data for above, data in found.pieces if "script" in above)
    said = found.text()
    assert QUOTES in said
    assert LONG in said
    assert f"Said so. {SCRIPT}" in said


def test_it_needs_nothing_but_itself(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    found.require_self_contained()


def test_ids_are_there_once(report: dict[str, Any], tmp_path: Path) -> None:
    ids = page(report, tmp_path).ids
    assert len(set(ids)) == len(ids)


def test_every_reward_attack_and_honest_variant_is_named(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    shown = found.text(shown=True)
    for name in (*report["rewards"], *ATTACKS, *HONEST):
        assert name in shown
    for each in (*ATTACKS.values(), *HONEST.values()):
        assert str(each["doc"]) in shown
        assert str(each["family"]) in shown or each["family"] == "honest"


def test_what_is_missed_is_seen_at_once(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    shown = " ".join(found.text(shown=True).split())
    assert "✗ 1 of 2 requirements is missed, the others are met:" in shown
    assert "full_coherence_reward: win_rate >= 0.97, but reversal_roles 0.93" in shown
    marked = [
        attributes for tag, attributes in found.elements if tag == "td" and "failed" in _class(attributes)
    ]
    assert [_class(each) for each in marked] == ["l4 failed", "all l4 failed"]
    assert "186 of 200 pairs won, 1 tied" in str(marked[0]["title"])


@pytest.mark.parametrize(
    ("figure", "place"),
    [
        ("zero_spread<=0.05", "Groups without spread, %"),
        ("top_third>=0.95", "93.0"),
        ("false_contradictions <= 0.01", "full_coherence_reward"),
    ],
)
def test_a_missed_figure_is_marked_where_it_stands(
    report: dict[str, Any], tmp_path: Path, figure: str, place: str
) -> None:
    missed = {"text": figure, "reward": LOSES, "subject": None, "value": 0.5, "met": False}
    report["requirements"] = [missed]
    shown = " ".join(page(report, tmp_path).text(shown=True).split())
    assert f"{LOSES}: {figure}, but 0.5" in shown
    assert f"{place}✗ missed: {figure}, measured 0.5" in shown


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        (slice(0, 0), "No requirement was set; 2 rewards met 3 attacks."),
        (slice(1, 2), "✓ The one requirement is met."),
        (slice(0, 1), "✗ 1 of 1 requirement is missed:"),
    ],
)
def test_the_verdict(report: dict[str, Any], tmp_path: Path, keep: slice, says: str) -> None:
    report["requirements"] = report["requirements"][keep]
    shown = " ".join(page(report, tmp_path).text(shown=True).split())
    assert says in shown
    assert ("✗" in shown) == ("missed" in says)


def test_what_has_no_value_gets_none(report: dict[str, Any], tmp_path: Path) -> None:
    report["false_contradictions"] = {}
    said = page(report, tmp_path).text()
    assert "No group of answers was scored." in said
    assert "No pair; 3 could not be scored" in said
    assert "None of the audited rewards looks for contradictions." in said
    assert "None" not in said.replace("None of the audited", "")
    assert "nan" not in said.split()


def test_evidence_is_laid_out_as_lists(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    terms = [data for above, data in found.pieces if above[-1:] == ("dt",)]
    assert {"claims", "share entailed", "decided by", "topic_relevance_reward"} <= set(terms)
    said = " ".join(found.text().split())
    assert "full_coherence_reward honest 1.25, attack 2.05 attack ahead" in said
    assert "share entailed 0.3333" in said
    assert "self_consistency_reward honest –, attack –" in said
    assert "{" not in said
    assert "share_entailed" not in said


def test_the_same_report_gives_the_same_bytes(report: dict[str, Any], tmp_path: Path) -> None:
    write_page(report, tmp_path / "one.html")
    write_page(copy.deepcopy(report), tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_lone_surrogate_is_shown(report: dict[str, Any], tmp_path: Path) -> None:
    report["made"]["command"] = "half \ud83d"
    assert r"half \ud83d" in page(report, tmp_path).text()


def test_a_missing_field_is_an_error(report: dict[str, Any], tmp_path: Path) -> None:
    del report["made"]["seed"]
    with pytest.raises(UndefinedError, match="seed"):
        write_page(report, tmp_path / "audit.html")
    assert not (tmp_path / "audit.html").exists()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "–"),
        (1.0, "100"),
        (0.99996, "99.9"),
        (0.9986, "99.9"),
        (0.5, "50.0"),
        (0.00001, "0.1"),
        (0, "0"),
    ],
)
def test_percent_is_whole_only_where_it_is(share: float | None, said: str) -> None:
    assert percent(share) == said


def test_words_and_numbers() -> None:
    assert [number(value) for value in (None, -0.001, -1.5, 3)] == ["–", "0.00", "−1.50", "3"]
    assert [plain(value) for value in (None, -0.00001, -0.25, 10.0, 10)] == ["–", "0", "−0.25", "10", "10"]
    assert [duration(seconds) for seconds in (8.4, 1830.2, 4320.0)] == ["8 s", "30 min 30 s", "1 h 12 min"]
    assert breakable("a_<b>/c") == "a_<wbr>&lt;b&gt;/<wbr>c"
    assert [shade(rate) for rate in (None, 1.0, 0.999, 0.97, 0.5, 0.0)] == [
        "none",
        "l0",
        "l1",
        "l2",
        "l6",
        "l7",
    ]


def test_bars_stand_where_the_scores_are() -> None:
    across = Axis(-3.0, 6.0)
    assert across.top_third == pytest.approx(66.67)
    assert [tick.value for tick in across.ticks] == [-2.0, 0.0, 2.0, 4.0, 6.0]
    first, last = bars([1, 0, 100], [-3.0, 0.0, 3.0, 6.0], across)
    assert (first.x, first.width, first.height) == (0.0, 33.33, 7.0)
    assert (last.x, last.answers, last.height) == (66.67, 100, 100.0)
    with pytest.raises(ValueError, match="3 counts need 4 edges, not 3"):
        bars([1, 0, 1], [0.0, 1.0, 2.0], across)


def test_a_range_without_length_stands_in_the_middle() -> None:
    across = Axis(0.0, 0.0)
    assert [tick.at for tick in across.ticks] == [50.0]
    (bar,) = bars([0, 4], [0.0, 0.0, 0.0], across)
    assert (bar.x, bar.width) == (48.5, 3.0)


def test_dots_and_medians() -> None:
    points = [[0.1, 0.0, 90], [0.15, 1.0, 90], [1.0, 2.0, 90]]
    across, up = quality_axis(points), Axis(0.0, 2.0)
    assert [(dot.x, dot.y) for dot in dots(points, across, up)] == [(10.0, 100.0), (15.0, 50.0), (100.0, 0.0)]
    medians = [(level.x, level.y, level.answers) for level in levels(points, across, up)]
    assert medians == [(0.0, 75.0, 2), (80.0, 0.0, 1)]


def test_more_wrong_than_right_widens_the_quality_axis() -> None:
    points = [[-0.5, 0.0, 90], [1.0, 2.0, 90]]
    across = quality_axis(points)
    assert (across.low, across.high) == (-1.0, 1.0)
    assert [dot.x for dot in dots(points, across, Axis(0.0, 2.0))] == [25.0, 100.0]
    assert [level.x for level in levels(points, across, Axis(0.0, 2.0))] == [20.0, 80.0]


def _class(attributes: dict[str, str | None]) -> str:
    return attributes.get("class") or ""
