"""Words and sentences by plain rules, good enough to count and to compare."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
_END = re.compile(r"(?<=[.!?])[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*[^\W_a-z])")
_ABBREVIATED = re.compile(r"(?:^|[\s(“‘\"'])(?:[A-Z]|Dr|Mr|Mrs|Ms|St|Vol|vol|No|pp?|cf|ed|e\.g|i\.e|vs)\.$")


def words(text: str) -> int:
    """Number of words: what white space separates."""
    return len(text.split())


def plain(text: str) -> str:
    """The words alone, in lower case and one spelling, for comparison."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def sentences(text: str) -> list[str]:
    """The sentences of a text; an initial or a frequent abbreviation ends none."""
    found: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        if not _ABBREVIATED.search(text[begin : match.start()]):
            found.append(text[begin : match.end()].strip())
            begin = match.end()
    last = text[begin:].strip()
    return [*found, last] if last else found
