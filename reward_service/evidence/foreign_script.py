"""Characters of another script that a text in Latin letters holds without saying why.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FOREIGN_LETTERS = (
    "\u0400-\u052f"  # Cyrillic
    "\u0530-\u058f\u10a0-\u10ff"  # Armenian, Georgian
    "\u0590-\u05ff\u0600-\u06ff\u0750-\u077f"  # Hebrew, Arabic
    "\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"  # of India, South-east Asia, Tibet
    "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\uac00-\ud7af"  # Korean, Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Chinese
)
"""Greek is left out: its letters and words are at home in formulas and philosophy."""
_RUN = re.compile(f"[{_FOREIGN_LETTERS}]+(?:[ \u3000\u00b7\u30fb，。、-]{{1,2}}[{_FOREIGN_LETTERS}]+)*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LETTER = re.compile(r"[^\W\d_]")
_MOSTLY_LATIN = 0.8
_NEAR = 48
"""Characters before a run in which it may be introduced."""
_INTRODUCED = re.compile(
    r"\b(?:terms?|words?|concept|called|calls|named?|names|slogans?|characters?|phrase|expression|titled?|"
    r"written|mean(?:s|ing)|translat(?:es?|ed|ion)|original|literally|known as|journal|newspaper|letters?|"
    r"pinyin|Chinese|Mandarin|Cantonese|Japanese|Korean|Russian|Ukrainian|Bulgarian|Serbian|Armenian|Georgian|Arabic|"
    r"Hebrew|Persian|Farsi|Urdu|Hindi|Bengali|Sanskrit|Thai)\b[^.!?\n]*\Z",
    re.IGNORECASE,
)
_OPENS = frozenset("(（[{“‘«\"'*_/「『《<=:：—–")
_GLOSSED = re.compile(
    r"\s*(?:[(（\[”’»\"'*_/」』》>=—–]|,?\s(?:means?|meaning|meant|translates?|is|literally|or|that is)\b)"
)


def foreign_runs(text: str) -> Iterator[tuple[int, int]]:
    """Runs [start, end) of letters of another script in a text that is mostly Latin.

    Left out are runs that a reader is told of: in quotation marks, brackets or emphasis, behind a colon or
    dash, with a gloss behind them, on a line of their own, or introduced in the same sentence as a word,
    name, title or language.  A text that is not mostly Latin has none.
    """
    runs = list(_RUN.finditer(text))
    if not runs or len(_LATIN.findall(text)) < _MOSTLY_LATIN * len(_LETTER.findall(text)):
        return
    for run in runs:
        before, behind = text[max(0, run.start() - _NEAR) : run.start()], text[run.end() : run.end() + _NEAR]
        glued = before[-1:].isalpha() or behind[:1].isalpha()
        announced = before.rstrip()[-1:] in _OPENS or _INTRODUCED.search(before)
        told = announced or _GLOSSED.match(behind)
        alone = not (_LETTER.search(before.rpartition("\n")[2]) or _LETTER.search(behind.partition("\n")[0]))
        if glued or not (told or alone):
            yield run.span()
