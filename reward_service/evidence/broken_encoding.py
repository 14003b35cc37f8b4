"""Where the characters of a text are broken: misread bytes, unresolved escapes, tokens of a model.  Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html.entities import html5

from reward_service.evidence.foreign_script import foreign_runs

_CODE = re.compile(r"(```|~~~).*?(?:\1|\Z)|(`{1,2})[^`\n]{1,500}\2", re.DOTALL)

_HIGH = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\ufffd"
"""The bytes 80 to BF, as Latin-1 and as code page 1252 show them."""
_TYPOGRAPHIC = "\xa0…‘’“”–—\xbb\xab›‹"
"""Those of them that may honestly stand behind an accented letter."""
_MOJIBAKE = re.compile(
    f"â[€\x80][{_HIGH}]?"  # quotation marks, dashes, bullets
    f"|ï¿½|ï»¿"  # the replacement character, the byte order mark
    f"|ðŸ[{_HIGH}]{{0,2}}"  # emoji
    f"|â[\x80-\x9f‚ƒ„†‡ˆ‰Š‹Œž˜™š›œ“”•…][{_HIGH}]"  # arrows, signs of currency and mathematics
    f"|[ãäåæçèé](?=[{_HIGH}]?[^{_TYPOGRAPHIC}])[{_HIGH}]{{2}}"  # Chinese, Japanese, Korean
    f"|Ã(?:[{_HIGH}](?<![{_TYPOGRAPHIC}])|(?<![A-ZÀ-Þ]Ã)[{_TYPOGRAPHIC}])"  # é, ü, ñ, …
    f"|Â[\xa0-\xbf]|(?<![A-ZÀ-Þ])Â(?=\\s)"  # no-break space, §, «, …
    f"|[ÄÅÎÏÐÑ](?:[{_HIGH}](?<![{_TYPOGRAPHIC}])|[{_TYPOGRAPHIC}](?=[a-z]))"  # Polish, Turkish, Greek, …
    f"|(?:[ÎÏÐÑ][{_HIGH}]){{2,}}"  # Greek, Cyrillic
)
_REPLACED = re.compile("\ufffd+|(?<=[a-z])\\?(?=(?:s|t|re|ve|ll)\\b(?!=))")
"""The second: an apostrophe of which an encoder made a question mark ("Marx?s")."""
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]+")
_SURROGATE = re.compile("[\ud800-\udfff]+")
_ESCAPE = re.compile(
    r"\\u\{?[0-9a-fA-F]{4,6}\}?|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|(?:\\[nrt])+(?![a-z])|\\\"(?!\{)"
)
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)")
_TOKEN = re.compile(
    r"<\|[A-Za-z][\w-]{0,60}\|>|<｜[^<>｜\n]{1,60}｜>|<0x[0-9A-Fa-f]{2}>"
    r"|</?s>|</w>|<(?:pad|unk|bos|eos|mask|cls|sep)>|<(?:(?:start|end)_of_turn|(?:extra_id_|unused)\d+)>"
    r"|\[/?INST\]|<</?SYS>>|\[(?:PAD|UNK|CLS|SEP|MASK)\]"
    r"|(?<=[^\s#])[ ]##(?=[a-z])"
)
_GLUED = re.compile(r"(?<=[^\s(\[“‘\"'*_])[ĠĊ]|[ĠĊ](?=\s|\Z)")
_PIECE_MARK = re.compile("[ĠĊ]")
_PIECES = 3
"""From so many on, letters of Maltese are marks of a tokenizer."""
_SPACE_MARK = re.compile("(?<![▁-█])▁(?![▁-█])")


class Kind(StrEnum):
    """What is broken."""

    REPLACED = "replaced"
    """U+FFFD or a question mark for what could not be read or written."""
    MOJIBAKE = "mojibake"
    """UTF-8 that was read as Latin-1 or code page 1252: "â€™" for an apostrophe."""
    ESCAPE = "escape"
    r"""An escape of a programming language or of HTML that nobody resolved: \u00e9, &#8217;."""
    TOKEN = "token"
    """A special token of a language model or the debris of its tokenizer."""
    CONTROL = "control"
    """A control character or a lone surrogate."""
    SCRIPT = "script"
    """A few characters of another script in the midst of the text."""


@dataclass(frozen=True, slots=True)
class Place:
    """One broken place; characters [start, end) of the text that was searched."""

    kind: Kind
    start: int
    end: int


def broken_places(text: str) -> list[Place]:
    """The places in which a text's characters are broken, in order, without overlaps.

    Escapes, entities and special tokens in Markdown code are meant, and left out; so are characters of
    another script that are quoted, in brackets or introduced as a word ("the term …").

    Args:
        text: an answer as it came, not normalised: normalising takes some of it away.
    """
    code = [match.span() for match in _CODE.finditer(text)]
    found = [
        *_places(Kind.MOJIBAKE, _MOJIBAKE, text),
        *_places(Kind.CONTROL, _CONTROL, text),
        *_places(Kind.CONTROL, _SURROGATE, text),
        *_places(Kind.REPLACED, _REPLACED, text),
        *_outside(code, _meant(text)),
    ]
    return _without_overlaps(found)


def _meant(text: str) -> Iterator[Place]:
    """What is broken in prose, and meant in code."""
    yield from _places(Kind.TOKEN, _TOKEN, text)
    yield from _places(Kind.TOKEN, _SPACE_MARK, text)
    pieces = _PIECE_MARK if len(_PIECE_MARK.findall(text)) >= _PIECES else _GLUED
    yield from _places(Kind.TOKEN, pieces, text)
    yield from _places(Kind.ESCAPE, _ESCAPE, text)
    for match in _ENTITY.finditer(text):
        if match[1].startswith("#") or match[1] in html5:
            yield Place(Kind.ESCAPE, *match.span())
    for start, end in foreign_runs(text):
        yield Place(Kind.SCRIPT, start, end)


def _places(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[Place]:
    for match in pattern.finditer(text):
        yield Place(kind, *match.span())


def _outside(code: Sequence[tuple[int, int]], places: Iterator[Place]) -> Iterator[Place]:
    """The places that don't begin in a block of code."""
    starts = [start for start, _ in code]
    for place in places:
        block = bisect_right(starts, place.start) - 1
        if block < 0 or place.start >= code[block][1]:
            yield place


def _without_overlaps(places: list[Place]) -> list[Place]:
    """The places by position; where two overlap, the one that begins first, of these the longest."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda one: (one.start, -one.end)):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
    return kept
