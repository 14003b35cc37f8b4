"""Checks how a file is written: as bytes, and as characters that went wrong on their way into it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from trainer.dataset.findings import Finding, Severity

BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x1f\x8b": "a gzip file"}
_RUN = re.compile(r"[^\x00-\x7f]{2,4}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LIKE_LATIN = frozenset("аАеЕоОрРсСхХуіІјЈѕЅԁһНВМКТοΟαΑΒΕΖΗΙΚΜΝΡΤΥΧνρ")
"""Cyrillic and Greek letters that a reader takes for Latin ones."""

Said = tuple[Severity, str, str]
"""Severity, check and message."""


def other_encoding(raw: bytes) -> str | None:
    """What a file is that says by its first bytes that it is no UTF-8."""
    return next((name for start, name in _OTHER_ENCODINGS.items() if raw.startswith(start)), None)


def check_bytes(raw: bytes) -> Iterator[Finding]:
    """What concerns the file as a whole: byte order mark, line ends, the last line."""
    if raw.startswith(BOM):
        message = "begins with a byte order mark, which JSON forbids; save the file as UTF-8 without it"
        yield Finding(1, None, "error", "encoding", message)
    if returns := raw.count(b"\r\n"):
        line = raw[: raw.index(b"\r\n")].count(b"\n") + 1
        message = f"ends with CR LF, as do {returns} lines in all; a line feed alone is usual"
        yield Finding(line, None, "warning", "line ends", message)
    if not raw.endswith(b"\n"):
        line = raw.count(b"\n") + 1
        message = "has no line feed at its end; what is appended to the file would join the record"
        yield Finding(line, None, "warning", "line ends", message)


def check_characters(text: str) -> Iterator[Said]:
    """What is wrong with a text's characters, each kind once."""
    if "\ufffd" in text:
        yield "error", "encoding", f"holds U+FFFD, a lost character: {around(text, text.index(chr(0xFFFD)))}"
    if found := _mojibake(text):
        wrong, right = found
        yield "warning", "encoding", f"holds {wrong!r}, which looks like {right!r} read in a wrong encoding"
    for character in text:
        category = unicodedata.category(character)
        if character not in "\n\t" and category in ("Cc", "Cf", "Co", "Cn"):
            kind = {"Cc": "a control character", "Cf": "an invisible character"}.get(
                category, "no assigned character"
            )
            yield "warning", "characters", f"holds U+{ord(character):04X}, {kind}"
            break
    if word := _mixed_word(text):
        yield "warning", "characters", f"mixes alphabets in one word: {word!r}"
    if not unicodedata.is_normalized("NFC", text):
        yield "warning", "characters", "is not in Unicode's normal form NFC: equal words may differ in bytes"
    if text != text.strip():
        yield "warning", "white space", "begins or ends with white space"


def around(text: str, place: int, reach: int = 25) -> str:
    """The words about a place, for a message."""
    piece = text[max(0, place - reach) : place + reach].replace("\n", " ")
    return f"“{'…' if place > reach else ''}{piece}{'…' if place + reach < len(text) else ''}”"


def _mojibake(text: str) -> tuple[str, str] | None:
    """UTF-8 that was read as Windows-1252 turns back into it; ordinary text very rarely does."""
    for match in _RUN.finditer(text):
        for encoding in ("cp1252", "latin-1"):
            try:
                return match[0], match[0].encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
    return None


def _mixed_word(text: str) -> str | None:
    """The first word of Latin letters with one among them that only looks Latin."""
    if _LIKE_LATIN.isdisjoint(text):
        return None
    for match in _WORD.finditer(text):
        latin = any(unicodedata.name(letter, "").startswith("LATIN") for letter in match[0])
        if latin and not _LIKE_LATIN.isdisjoint(match[0]):
            return match[0]
    return None
