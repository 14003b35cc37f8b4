"""A report as one HTML page that needs nothing but itself; its template and style stand beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reward_service.pages.page import as_bytes, environment, frame
from reward_service.pages.plots import Axis, bars
from reward_service.pages.wording import NOTHING, number
from reward_service.report import marks

HERE = Path(__file__).parent


def write_page(report: Mapping[str, Any], path: Path) -> None:
    """Write the page of a report.

    Args:
        report: what `report.json` holds, schema 1.
        path: the file, written anew; the same report gives the same bytes.

    Raises:
        jinja2.UndefinedError: the report lacks a field that the page shows.
        OSError: the file can't be written.
    """
    path.write_bytes(as_bytes(render(report)))


def render(report: Mapping[str, Any]) -> str:
    """The page of a report as text."""
    made = environment(HERE)
    made.filters["p_value"] = p_value
    made.globals |= {
        "axis": Axis,
        "bars": bars,
        "score_axis": marks.score_axis,
        "mean_axis": marks.mean_axis,
        "means": marks.means,
        "word_axis": marks.word_axis,
        "steps": marks.steps,
    }
    return made.get_template("page.html.j2").render(
        report=report,
        places={name: f"r{index}" for index, name in enumerate(report["rewards"], start=1)},
        numbers={file["label"]: index for index, file in enumerate(report["files"], start=1)},
        **frame((HERE / "page.css").read_text("utf-8")),
    )


def p_value(test: Mapping[str, Any] | None) -> str:
    """Such as `0.031`; a bound, `≤ 0.0001`, where no drawn pattern was as far from 0 as what was found."""
    if test is None:
        return NOTHING
    none_as_far = not test["exact"] and test["p"] * (test["patterns"] + 1) < 1.5
    return ("≤ " if none_as_far else "") + number(test["p"], 3 if test["p"] >= 0.001 else 4)
