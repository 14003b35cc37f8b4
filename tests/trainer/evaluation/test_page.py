"""The page and the tables of a report: all of it is there, and nothing that a policy wrote can harm."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from rich.console import Console

from shared.schema import Layer
from tests.trainer.evaluation.conftest import QUESTIONS, grpo_line, said
from trainer.evaluation.answers import answer_to, tasks_of
from trainer.evaluation.naming import Kind, Named
from trainer.evaluation.page import axis, breakable, number, percent, span, write_page
from trainer.evaluation.plan import Sampling
from trainer.evaluation.questions import Question
from trainer.evaluation.report import Answered, Draws, letter, make_report
from trainer.evaluation.scoring import Pair, Scored
from trainer.evaluation.tables import show

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"""{SCRIPT} "double" 'single' & </style></title> <img src=x onerror=alert(2)> [bold]"""
VOID = {"meta", "link", "col", "br", "wbr", "img", "input", "hr", "base", "source"}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href", "style"}
OURS, THEIRS = f"openai:mine-{SCRIPT}@http://127.0.0.1:1/v1", "reference"
REWARDS = ("full_coherence_reward", "match_format_exactly")


@pytest.fixture
def report() -> dict[str, Any]:
    questions = [
        Question(line, grpo_line(f"{asked} {HOSTILE}", "", HOSTILE)["prompt"], reference)
        for line, (asked, reference) in enumerate(QUESTIONS[:3], start=1)
    ]
    policies, scores = [], {}
    sampling = Sampling(samples=1, temperature=0, top_p=1, max_tokens=8, seed=1)
    for place, name in enumerate((OURS, THEIRS)):
        answers = []
        for task in tasks_of(questions, name, sampling):
            answer = answer_to(task, f"{place} {HOSTILE}", cut_off=place == 0 or None, seconds=1.5)
            answers.append([answer])
            pair = Pair(task.question, answer)
            score = None if (place, task.question.line) == (0, 3) else float(task.question.line - 2 * place)
            scores[pair.item] = Scored(
                item=pair.item,
                fingerprint="9f2c",
                rewards={REWARDS[0]: score, REWARDS[1]: 0.0},
                unscorable={} if score is not None else {REWARDS[0]: HOSTILE},
                layers={
                    REWARDS[0]: Layer(score=score, decided_by="sum", parts={"topic_relevance_reward": -0.5}),
                    "topic_relevance_reward": Layer(score=-1.5, reason=HOSTILE),
                },
            )
        policies.append(Answered(Named(name, Kind.OPENAI, "mine", url="http://127.0.0.1:1/v1"), answers))
    made = {
        "date": "2026-11-28T12:00:00+00:00",
        "command": f"python -m trainer evaluate {HOSTILE}",
        "questions": "held_out.jsonl",
        "system_prompt": [HOSTILE],
        "system_prompt_from": "the data set",
        "sampling": {"samples": 1, "temperature": 0.0, "top_p": 1.0, "max_tokens": 8, "seed": 1},
        "resamples": 500,
        "reward_url": "http://127.0.0.1:8080",
        "server": {"pack": "embedded"},
        "fingerprint": "9f2c",
        "trained_on": [{"policy": OURS, "file": "grpo_dataset.jsonl", "seen": 2}],
        "versions": {"torch": "2.13.0"},
    }
    ranges = {REWARDS[0]: (-4.5, 6.45)}
    return make_report(questions, policies, scores, REWARDS, ranges, Draws(500, 1), made)


class Page(HTMLParser):
    """A page as read by a parser: its elements, its text, and whether its tags balance."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[tuple[tuple[str, ...], str]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}> at line {self.getpos()[0]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.pieces.append((tuple(self.open), data))

    @property
    def text(self) -> str:
        """What a person can read."""
        return "".join(data for above, data in self.pieces if not {"script", "style"} & set(above))


def page(report: dict[str, Any], folder: Path) -> Page:
    write_page(report, folder / "report.html")
    return Page((folder / "report.html").read_text("utf-8"))


def test_what_the_figures_are(report: dict[str, Any]) -> None:
    it = report["rewards"][REWARDS[0]]
    assert it["range"] == [-4.5, 6.45]
    assert (it["policies"][OURS]["mean"], it["policies"][OURS]["questions"]) == (1.5, 2)
    assert (it["policies"][OURS]["unscored"], it["policies"][OURS]["reasons"]) == (1, {HOSTILE: 1})
    assert it["policies"][THEIRS]["mean"] == 0.0
    assert it["against"][THEIRS]["difference"]["mean"] == 2.0
    assert it["against"][THEIRS]["win_rate"] == 1.0
    assert report["rewards"][REWARDS[1]]["range"] is None
    assert report["parts"]["topic_relevance_reward"]["policies"][OURS]["mean"] == -1.5
    assert report["questions"][2]["means"][REWARDS[0]] == {OURS: None, THEIRS: 1.0}
    assert report["made"]["few"] is True
    assert [policy["letter"] for policy in report["policies"]] == ["A", "B"]


def test_nothing_from_the_answers_becomes_markup(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    assert [tag for tag, _ in found.elements].count("script") == 1
    assert "alert" not in next(data for above, data in found.pieces if "script" in above)
    assert found.text.count(HOSTILE) >= 3 + 6 + 2  # questions, answers, system prompt and command
    assert f"1 answer of A could not be scored: {HOSTILE}" in found.text
    assert "A was trained on 2 of these questions" in found.text


def test_it_needs_nothing_but_itself(report: dict[str, Any], tmp_path: Path) -> None:
    found = page(report, tmp_path)
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for tag, attributes in found.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not LOADING & attributes.keys(), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
        if "href" in attributes:
            assert (attributes["href"] or "").removeprefix("#") in ids
    style = next(data for above, data in found.pieces if "style" in above)
    assert not re.search(r"url\(|@import|@font-face", style)
    policy = next(attributes["content"] for _, attributes in found.elements if "http-equiv" in attributes)
    assert policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_every_question_is_a_group_of_rows_that_can_be_sorted(report: dict[str, Any], tmp_path: Path) -> None:
    html = (page(report, tmp_path), (tmp_path / "report.html").read_text("utf-8"))[1]
    table = html[html.index('<table id="questions-table">') :]
    assert table.count('<button type="button">') == 1 + 2 * 3
    values = re.findall(r'<td class="figure" data-value="([^"]+)">', table)
    # line, A, B, A − B of the first reward and of the second; the third question lacks A's first score
    assert values[:7] == ["1", "1.0", "-1.0", "2.0", "0.0", "0.0", "0.0"]
    assert values[14:] == ["3", "1.0", "0.0", "0.0", "0.0"]


def test_the_same_report_gives_the_same_bytes(report: dict[str, Any], tmp_path: Path) -> None:
    write_page(report, tmp_path / "one.html")
    write_page(copy.deepcopy(report), tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_missing_field_is_an_error(report: dict[str, Any], tmp_path: Path) -> None:
    del report["made"]["fingerprint"]
    with pytest.raises(UndefinedError, match="fingerprint"):
        write_page(report, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_the_console_says_the_same(report: dict[str, Any], console: Console) -> None:
    show(report, console)
    lines = said(console)
    assert f"A = {OURS}" in lines
    assert re.search(r"A  +1\.50 \[1\.00, 2\.00\]", lines)
    assert re.search(
        r"B  +0\.00 \[-\d\.\d\d, 1\.00\]  2\.00 \[2\.00, 2\.00\]  100% \[34%, 100%\]  +2/0/0", lines
    )
    assert f"1 answer of A could not be scored: {HOSTILE}" in lines
    assert "Only 3 questions" in lines
    assert "A was trained on 2 of the 3 questions (grpo_dataset.jsonl)" in lines


def test_without_a_common_question_both_say_so(
    report: dict[str, Any], console: Console, tmp_path: Path
) -> None:
    nothing = {"mean": None, "low": None, "high": None, "questions": 0}
    it = report["rewards"][REWARDS[0]]
    it["policies"][OURS] |= nothing
    it["against"][THEIRS] |= {"difference": nothing, "win_rate": None, "win_low": None, "win_high": None}
    show(report, console)
    assert "no question has a score from both A and B" in said(console)
    assert "no common question" in page(report, tmp_path).text


def test_numbers() -> None:
    assert [number(value) for value in (None, -0.001, -1.5, 3, -3)] == ["–", "0.00", "−1.50", "3", "−3"]
    assert [percent(value) for value in (None, 0.5, 1.0)] == ["–", "50 %", "100 %"]
    assert breakable("a_<b>/c") == "a_<wbr>&lt;b&gt;/<wbr>c"
    assert [letter(place) for place in (0, 1, 25, 26, 50)] == ["A", "B", "Z", "C1", "B2"]
    assert len({letter(place) for place in range(200)}) == 200


def test_where_marks_stand() -> None:
    assert [span(value, (-2.0, 2.0)) for value in (-2, 0, 1, 9)] == [0.0, 50.0, 75.0, 100.0]
    assert span(1.0, (1.0, 1.0)) == 50.0
    mean = {"mean": 1.2, "low": -0.3, "high": None}
    assert axis({"range": None, "policies": {"a": mean}}) == (-1, 2)
