"""One HTML page that needs nothing but itself.

Style and script are inlined, and the page's content security policy names the hashes of both, so nothing else
on it can run or load, whatever the texts say that are shown on it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reward_service.pages import wording

HERE = Path(__file__).parent


def environment(folder: Path) -> Environment:
    """Jinja with the templates of a folder: it escapes everything, and a missing field is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "percent": wording.percent,
        "number": wording.number,
        "signed": wording.signed,
        "plain": wording.plain,
        "duration": wording.duration,
        "words": wording.words,
        "breakable": wording.breakable,
    }
    return made


def frame(own_style: str) -> dict[str, Any]:
    """What every page's template is given: `style` (the common one, then its own), `script`, `policy`."""
    style = (HERE / "base.css").read_text("utf-8") + own_style
    script = (HERE / "page.js").read_text("utf-8")
    return {
        "style": Markup(style),
        "script": Markup(script),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'",
    }


def as_bytes(page: str) -> bytes:
    """A page as UTF-8.  A lone surrogate, which JSON can hold and UTF-8 can't, is shown by its number."""
    return page.encode("utf-8", "backslashreplace")


def _digest(inlined: str) -> str:
    """The source expression of an inlined text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
