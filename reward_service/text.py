"""Cleans a text before anything measures it; pure, and knows no model."""

from __future__ import annotations

import re
import unicodedata

_MAX_MARKS = 30
"""Combining marks kept on one letter; Unicode's stream-safe format has the same limit (UAX #15)."""

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters; tab stays, line breaks are unified before this
    "\u00ad"  # soft hyphen
    "\u034f"  # combining grapheme joiner
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, overrides, isolates
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\u17b4\u17b5\u180b-\u180f"  # Khmer inherent vowels, Mongolian variation selectors
    "\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff"  # zero-width space, joiners, invisible operators, BOM
    "\u2800"  # blank Braille pattern
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
    "\ufff9-\ufffb"  # interlinear annotation marks
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\U000e0000-\U000e007f"  # tags
    "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")

_LOOK_ALIKES = str.maketrans(
    "аАеЕоОрРсСхХуУіІјЈѕЅԁһНВМКТгпѵԛԝοΟαΑΒΕΖΗΙΚΜΝΡΤΥΧνρυικօոսհցզ",
    "aAeEoOpPcCxXyYiIjJsSdhHBMKTrnvqwoOaABEZHIKMNPTYXvpuikonuhgq",
)
"""Cyrillic, Greek and Armenian letters that read as Latin ones in a Latin word; after Unicode's UTS #39."""
_WORD = re.compile(r"[^\W\d_]+")
_LATIN_TEXT = 0.8
"""Share of Latin letters from which a text counts as Latin."""
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def normalise(text: str) -> str:
    """The text as every model and reward sees it: same words for the reader, one spelling for the computer.

    In this order:
    - every line break (CR LF, CR, vertical tab, form feed, NEL, U+2028, U+2029, …) becomes one line feed;
    - lone surrogates, which no encoder accepts, become U+FFFD;
    - what is invisible goes: NUL and other control characters but line feed and tab, soft hyphens, zero-width
      characters, bidi controls, variation selectors, tags, fillers.  Nothing hides in them or is cut by them;
    - more than 30 combining marks in a row are cut to 30 (no script needs more, and time is quadratic);
    - NFKC: look-alikes made for compatibility become plain ("ﬁ" → "fi", no-break space → space);
    - in words that hold Latin letters, Cyrillic, Greek and Armenian letters that look like Latin ones become
      these: "nоt" with a Cyrillic о is "not".  In a Latin text so do words of nothing but such letters; other
      words of one alphabet stay as they are.

    Case, punctuation and white space otherwise stay.  Offsets of annotations refer to the result.
    Idempotent and linear; plain ASCII comes back as it is.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAKS.sub("\n", text)
    text = _SURROGATES.sub("\ufffd", text)
    text = _INVISIBLE.sub("", text)
    if text.isascii():
        return text
    text = _WORD.sub(_latin_word, unicodedata.normalize("NFKC", _limit_marks(text)))
    if text.isascii():
        return text
    letters = sum(char.isalpha() for char in text)
    is_latin = len(_LATIN.findall(text)) >= _LATIN_TEXT * letters
    return _WORD.sub(_look_alike_word, text) if is_latin else text


def _latin_word(match: re.Match[str]) -> str:
    """A word that holds Latin letters, in these alone where the others look Latin."""
    word = match[0]
    return word if word.isascii() or _LATIN.search(word) is None else word.translate(_LOOK_ALIKES)


def _look_alike_word(match: re.Match[str]) -> str:
    """A word that looks Latin from its first letter to its last, in Latin letters."""
    latin = match[0].translate(_LOOK_ALIKES)
    return latin if latin.isascii() else match[0]


def _limit_marks(text: str) -> str:
    """Cut runs of combining marks to `_MAX_MARKS`."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)
