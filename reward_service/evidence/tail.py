"""The last block of an answer in Markdown: its last line, and what was opened and never closed.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"`{3,}|^[ \t]{0,8}~~~(?!~)", re.MULTILINE)
_ITEM = re.compile(
    r"\s*(?:>\s*)*(?P<sign>[-*+•–](?=\s|\Z)|\(?(?P<number>\d{1,3})[.)](?=\s|\Z)|\(?[a-z]\)(?=\s|\Z))\s*"
)
_HEADING = re.compile(r"\s*#{1,6}(?:\s|\Z)")
_BOLD_LINE = re.compile(r"\s*\*\*[^*]{1,80}\*\*:?\s*")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}|[\s:-]*\|[\s|:-]*")
_TABLE = re.compile(r"\s*\|.*\S")
_LINK = re.compile(r"\[[^\[\]\n]{0,300}\]\([^()\s]{0,500}\Z")
_QUOTED = re.compile(r"(?<![^\W_])'(?=[^\W_])")
_EMOJI = re.compile("[\u2190-\u2bff\u3030\U0001f000-\U0001faff\ufe0f\u200d\\s]")
_HASH_TAG = re.compile(r"#[^\W\d]\w*")
_STOP = re.compile(r"[.!?…。！？:;,]\Z")
_CLOSERS = ")]}”’\"'»›*_`"
_PAIRS = (
    ("(", ")", "a bracket"),
    ("[", "]", "a bracket"),
    ("“", "”", "a quotation mark"),
    ("«", "»", "a quotation mark"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """How an answer ends."""

    line: str
    """The last line, without list marker and quotation sign."""
    before: bool
    """Whether there are lines before it."""
    marker: bool
    """Whether it is an item of a list."""
    marker_goes_on: bool
    """Whether an item before it leads to it: another bullet, or the number before its own."""
    heading: bool
    code: bool
    """Whether it closes a block of code or is a row of a table that is complete."""
    closed: bool
    """Whether it ends in a closing bracket or quotation mark, or in code."""
    open: str | None
    """The Markdown block that is still open, whatever the last line looks like."""
    left_open: str | None
    """What the last line opened and did not close."""


def last_block(text: str) -> Block:
    """How an answer ends, by its last line.

    Args:
        text: an answer with its Markdown, stripped and not empty.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    while len(lines) > 1 and _RULE.fullmatch(lines[-1]):
        lines.pop()
    line, before = lines[-1], lines[:-1]
    fences = len(_FENCE.findall(text))
    match = _ITEM.match(line)
    content = line[match.end() :] if match else line.lstrip("> \t")
    is_table = bool(_TABLE.fullmatch(line)) and any(_TABLE.fullmatch(other) for other in before[-1:])
    open_ = None
    if fences % 2:
        open_ = "ends in an open block of code"
    elif is_table and not line.rstrip().endswith("|") and before[-1].rstrip().endswith("|"):
        open_ = "ends in an open row of a table"
    elif text.count("$$") % 2:
        open_ = "ends in an open formula"
    return Block(
        line=content,
        before=bool(before),
        marker=match is not None,
        marker_goes_on=match is not None and _goes_on(match, before),
        heading=match is None and _HEADING.match(content) is not None,
        code=is_table or (fences > 0 and line.rstrip().endswith(("```", "~~~"))),
        closed=_is_closed(content),
        open=open_,
        left_open=_left_open(content),
    )


def other_lines(text: str, items: bool) -> list[str]:
    """The lines before the last one that compare with it: items with items, else what is no heading."""
    lines = [line for line in text.split("\n") if line.strip()][:-1]
    return [line for line in lines if _comparable(line, items)]


def without_trimmings(line: str) -> str:
    """A line without emoji and hash tags at its end, nor what closes behind its full stop or comma."""
    bare = _without_emoji(line)
    stripped = bare.rstrip(_CLOSERS)
    return stripped if _STOP.search(stripped) else bare


def _without_emoji(line: str) -> str:
    """A line without the emoji, arrows and hash tags at its end."""
    end = len(line)
    while True:
        while end and _EMOJI.match(line, end - 1):
            end -= 1
        start = line.rfind(" ", 0, end) + 1
        if not start or not _HASH_TAG.fullmatch(line, start, end):
            return line[:end]
        end = start


def _comparable(line: str, items: bool) -> bool:
    if _RULE.fullmatch(line) or _TABLE.fullmatch(line):
        return False
    if _ITEM.match(line):
        return items
    return not items and not _HEADING.match(line) and not _BOLD_LINE.fullmatch(line)


def _goes_on(match: re.Match[str], before: list[str]) -> bool:
    earlier: Iterator[re.Match[str]] = filter(None, map(_ITEM.match, reversed(before)))
    number = match["number"]
    if number is None:
        return next(earlier, None) is not None
    return any(one["number"] == str(int(number) - 1) for one in earlier)


def _is_closed(line: str) -> bool:
    """Whether a line ends in a mark that closes what it opened."""
    bare = _without_emoji(line)
    end = bare.rstrip("*_")[-1:]
    if end in {"'", "’"}:
        return "‘" in bare or _QUOTED.search(bare) is not None
    return end != "" and end in ')]}”"»›`'


def _left_open(line: str) -> str | None:
    """What a line opens and does not close."""
    if _LINK.search(line):
        return "ends in an open link"
    if line.count("**") % 2:
        return "ends in open emphasis"
    if line.count("`") % 2:
        return "ends in open code"
    for opening, closing, name in _PAIRS:
        if line.rfind(opening) > line.rfind(closing) and line.count(opening) > line.count(closing):
            return f"{name} was never closed"
    if line.count('"') % 2:
        return "a quotation mark was never closed"
    return None
