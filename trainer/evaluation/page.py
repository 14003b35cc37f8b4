"""A report as one HTML page that needs nothing but itself.

Template, style and script stand beside this file and are inlined; the page's content security policy names
the hashes of both, so nothing else on it can run or load, whatever the policies wrote.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

HERE = Path(__file__).parent
NOTHING = "–"
"""Stands for a number that isn't there."""


def write_page(report: Mapping[str, Any], path: Path) -> None:
    """Write the page of an evaluation.

    Args:
        report: what `report.json` holds, schema 1.
        path: the file, written anew; the same report gives the same bytes.

    Raises:
        jinja2.UndefinedError: the report lacks a field that the page shows.
        OSError: the file can't be written.
    """
    # A lone surrogate, which JSON can hold and UTF-8 can't, is shown by its number.
    path.write_bytes(render(report).encode("utf-8", "backslashreplace"))


def render(report: Mapping[str, Any]) -> str:
    """The page of an evaluation as text."""
    style, script = (HERE / "page.css").read_text("utf-8"), (HERE / "page.js").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "breakable": breakable}
    environment.globals |= {"axis": axis, "span": span}
    page = environment.get_template("page.html.j2").render(
        report=report,
        letters={policy["name"]: policy["letter"] for policy in report["policies"]},
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
    )
    return page.lstrip()  # the macros leave blank lines before the page


def number(value: float | None, digits: int = 2) -> str:
    """A number with a real minus sign and so many digits behind the point; whole numbers have none."""
    if value is None:
        return NOTHING
    said = str(value) if isinstance(value, int) else f"{value:.{digits}f}"
    if float(said) == 0:
        said = said.removeprefix("-")
    return said.replace("-", "−")


def percent(share: float | None) -> str:
    """A share, 0 … 1, in whole percent."""
    return NOTHING if share is None else f"{100 * share:.0f} %"


def breakable(name: object) -> Markup:
    """A name that may break behind its underscores, slashes and colons."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[_/:@])(?=.)", str(name)))


def axis(it: Mapping[str, Any]) -> tuple[float, float]:
    """The ends of a reward's axis: its range, else whole numbers around its intervals."""
    if it["range"] is not None:
        return it["range"][0], it["range"][1]
    known = [
        value
        for mean in it["policies"].values()
        for value in (mean["mean"], mean["low"], mean["high"])
        if value is not None
    ]
    return math.floor(min(known, default=0.0)), math.ceil(max(known, default=1.0))


def span(value: float, ends: tuple[float, float]) -> float:
    """Where a value stands on an axis, in percent; what lies outside stands on the edge."""
    low, high = ends
    if high <= low:
        return 50.0
    return round(100 * min(max((value - low) / (high - low), 0.0), 1.0), 2)


def _digest(inlined: str) -> str:
    """The source expression of an inlined text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
