"""Numbers and names as a page says them.  Pure."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

NOTHING = "–"
"""Stands for a number that isn't there."""


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


def signed(value: float | None, digits: int = 2) -> str:
    """As `number`, with a plus sign where there is more than nothing."""
    said = number(value, digits)
    return said if value is None or value <= 0 or float(said) == 0 else f"+{said}"


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
