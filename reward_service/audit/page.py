"""An audit as one HTML page that needs nothing but itself; its template and style stand beside this file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from reward_service.audit.plots import dots, levels, quality_axis
from reward_service.pages.page import as_bytes, environment, frame
from reward_service.pages.plots import Axis, bars
from reward_service.pages.wording import plain

HERE = Path(__file__).parent
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
    path.write_bytes(as_bytes(render(report)))


def render(report: Mapping[str, Any]) -> str:
    """The page of an audit as text."""
    made = environment(HERE)
    made.filters["shade"] = shade
    made.globals |= {
        "axis": Axis,
        "bars": bars,
        "dots": dots,
        "levels": levels,
        "quality_axis": quality_axis,
    }
    return made.get_template("page.html.j2").render(
        report=report,
        families=_families(report["attacks"]),
        missed=_missed(report["requirements"]),
        flags=_flags(report["requirements"]),
        places={name: f"r{index}" for index, name in enumerate(report["rewards"], start=1)},
        attack_places={name: f"a{index}" for index, name in enumerate(report["attacks"], start=1)},
        shades=[f"{100 * least:.0f}" for least in LOST],
        **frame((HERE / "page.css").read_text("utf-8")),
    )


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
