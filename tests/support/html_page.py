"""An HTML page as read by a parser, for tests of pages that must need nothing but themselves."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "col", "br", "wbr", "img", "input", "hr", "base", "source"}
LOADING = {"src", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href", "style"}


class Page(HTMLParser):
    """A page as read by a parser: its elements, its text, and whether its tags balance."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.pieces: list[tuple[tuple[str, ...], str]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.elements.append((tag, dict(attrs)))
        self.ids += [value or "" for name, value in attrs if name == "id"]
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

    def text(self, *, shown: bool = False) -> str:
        """What a person can read; with `shown`, without opening any details."""
        return "".join(
            data
            for above, data in self.pieces
            if not {"script", "style", "title"} & set(above)
            and not (shown and "details" in above and "summary" not in above)
        )

    def require_self_contained(self) -> None:
        """Nothing is loaded, nothing but the page's own style and script runs, and every link stays on it."""
        for tag, attributes in self.elements:
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
            assert not LOADING & attributes.keys(), (tag, attributes)
            assert not [name for name in attributes if name.startswith("on")]
            if "href" in attributes:
                assert (attributes["href"] or "").removeprefix("#") in self.ids
        style = next(data for above, data in self.pieces if "style" in above)
        assert not re.search(r"url\(|@import|@font-face", style)
        policy = next(attributes["content"] for _, attributes in self.elements if "http-equiv" in attributes)
        assert policy
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
