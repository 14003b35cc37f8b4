"""An audit as one HTML page that needs nothing but itself.

Template, style and script stand beside this file and are inlined; the page's content security policy names
the hashes of both, so nothing else on it can run or load, whatever the audited answers say.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reward_service.audit.plots import Axis, bars, dots, levels, quality_axis

HERE = Path(__file__).parent
NOTHING = "–"
"""Stands for a number that isn't there."""
LOST = (1.0, 0.99, 0.97, 0.95, 0.9, 0.8, 0.5)
"""The least win rate of each shade, lightest first; below the last there is one more.  Close together at the
top, where rewards worth auditing differ."""


def write_page(report: Mapping[str, Any], path: Path) -> None:
    """Write the page of an audit.

    Args:
        report: what `audit.json` holds, schema 1.
        path: the file, written anew; the same report gives the same bytes.

    Raises:
        jinja2.UndefinedError: the report lacks a field that the page shows.
        OSError: the file can't be written.
    """
    # A lone surrogate, which JSON can hold and UTF-8 can't, is shown by its number.
    path.write_bytes(render(report).encode("utf-8", "backslashreplace"))


def render(report: Mapping[str, Any]) -> str:
    """The page of an audit as text."""
    style, script = (HERE / "page.css").read_text("utf-8"), (HERE / "page.js").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "number": number,
        "plain": plain,
        "duration": duration,
        "words": words,
        "breakable": breakable,
        "shade": shade,
    }
    environment.globals |= {
        "axis": Axis,
        "bars": bars,
        "dots": dots,
        "levels": levels,
        "quality_axis": quality_axis,
    }
    return environment.get_template("page.html.j2").render(
        report=report,
        families=_families(report["attacks"]),
        missed=_missed(report["requirements"]),
        flags=_flags(report["requirements"]),
        places={name: f"r{index}" for index, name in enumerate(report["rewards"], start=1)},
        attack_places={name: f"a{index}" for index, name in enumerate(report["attacks"], start=1)},
        shades=[f"{100 * least:.0f}" for least in LOST],
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
    )


def percent(share: float | None) -> str:
    """A share, 0 … 1, in percent: one digit behind the point, and 100 or 0 only where it is exactly that."""
    if share is None:
        return NOTHING
    if share in (0, 1):
        return f"{100 * share:.0f}"
    return number(min(max(round(100 * share, 1), 0.1), 99.9), 1) if 0 < share < 1 else number(100 * share, 1)


def number(value: float | None, digits: int = 2) -> str:
    """A number with a real minus sign and so many digits behind the point; whole numbers have none."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or not math.isfinite(value):
        said = str(value)
    else:
        said = f"{value:.{digits}f}"
        if float(said) == 0:
            said = said.removeprefix("-")
    return said.replace("-", "−")


def plain(value: float | None) -> str:
    """A number with at most four digits behind the point, and no idle zeros."""
    said = number(value, 4)
    return said.rstrip("0").rstrip(".") if "." in said else said


def duration(seconds: float) -> str:
    """Such as `1 h 12 min`, `30 min 30 s`, `8 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def words(name: object) -> str:
    """A field's name as words; the name of a reward stays as it is."""
    said = str(name)
    return said if said.endswith("_reward") or "/" in said else said.replace("_", " ")


def breakable(name: object) -> Markup:
    """A name that may break behind its underscores and slashes."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[_/])(?=.)", str(name)))


def shade(win_rate: float | None) -> str:
    """The class of a cell: `none` without a win rate, else `l0` (nothing lost) to `l7`."""
    if win_rate is None:
        return "none"
    return f"l{next((index for index, least in enumerate(LOST) if win_rate >= least), len(LOST))}"


def _families(attacks: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """The attacks' names by family, in the order of display."""
    return [
        (family, list(names))
        for family, names in groupby(attacks, key=lambda name: str(attacks[name]["family"]))
    ]


def _missed(
    requirements: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """What is missed, by reward and text: one rule is often missed by many subjects."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for each in requirements:
        if not each["met"]:
            found.setdefault((each["reward"], each["text"]), []).append(each)
    return found


def _flags(requirements: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Reward → attack, or the figure where no attack is meant → what is missed there."""
    flags: dict[str, dict[str, list[str]]] = {}
    for each in requirements:
        if not each["met"]:
            subject = each["subject"] or re.split(r"[^a-z_]", each["text"], maxsplit=1)[0]
            found = flags.setdefault(each["reward"], {}).setdefault(subject, [])
            found.append(f"{each['text']}, measured {plain(each['value'])}")
    return flags


def _digest(inlined: str) -> str:
    """The source expression of an inlined text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
