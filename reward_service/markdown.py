"""What a reader sees of a text in Markdown: the words, without marks, comments and what is struck out.  Pure.

A completion's bullets, headings and emphasis are no words, and what is hidden from its readers is no answer.
"""

from __future__ import annotations

import re

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_STRUCK = re.compile(r"~~[^~\n]{1,2000}~~")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\n]{0,500}\)")
_MARKER = re.compile(
    r"\s*(?:>|[-*+•–—](?=\s)|#{1,6}(?=\s)|\(?\d{1,2}[.)](?=\s)|\(?[a-z]\)(?=\s)|\[[ xX]\](?=\s))\s*"
)
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}|\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?\s*")
_STRONG = re.compile(r"\*\*|__|``?")
_LIGHT = re.compile(r"(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])|(?<=[^\s_])_(?!\w)")


def plain(text: str) -> str:
    """The text without Markdown: words, punctuation and line breaks stay.

    List markers, heading signs, emphasis, code marks, quotation signs, rules and the frames of tables go;
    links keep their words; HTML comments and struck-out text go with what they hold.  A list item or heading
    gets an empty line before it, so that it never runs into the sentence above.  Linear; idempotent for all
    that people write.
    """
    text = _STRUCK.sub("", _COMMENT.sub("", text))
    lines: list[str] = []
    for line in text.split("\n"):
        if _RULE.fullmatch(line):
            lines.append("")
            continue
        content = line
        while (match := _MARKER.match(content)) and match.end():
            content = content[match.end() :]
        if content != line and line.strip() and lines and lines[-1]:
            lines.append("")
        lines.append(_cells(content))
    whole = _LINK.sub(r"\1", "\n".join(lines))
    return _LIGHT.sub("", _STRONG.sub("", whole)).strip("\n")


def _cells(line: str) -> str:
    """A row of a table as its cells, side by side."""
    stripped = line.strip()
    if stripped.startswith("|") and stripped.endswith("|") and len(stripped) > 1:
        return " ".join(cell.strip() for cell in stripped.strip("|").split("|"))
    return line
