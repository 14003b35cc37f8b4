"""Where sentences begin and end, beyond what a parser knows: line breaks, list markers, endless texts.

The parser was trained on running prose.  Models write lists, and attackers 30,000 characters without a stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from spacy.tokens import Doc

MAX_TOKENS = 100
MAX_CHARS = 1_000
MAX_RUN = 64
"""Characters without white space after which a token is cut.  spaCy's tokenizer is quadratic in such runs:
30,000 brackets take it 77 s."""

_LONG_RUN = re.compile(rf"\S{{{MAX_RUN + 1},}}")
_PIECE = re.compile(rf"\S{{1,{MAX_RUN - 1}}}?[。！？]|\S{{1,{MAX_RUN}}}")
_MARKER = re.compile(r"(?:[-*•–—+>]|#{1,6}|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+(?=\S)")
_ENDS_LINE = (".", "!", "?", ":", ";", "…", "。", "！", "？")
_GOOD_CUTS = frozenset(".!?;:,—–…。！？；，、")


class BoundedTokenizer:
    """A spaCy tokenizer that cuts endless words and marks where lines begin a sentence.

    Args:
        base: the pipeline's own tokenizer.
    """

    def __init__(self, base: Any) -> None:
        self._base = base

    def __call__(self, text: str) -> Doc:
        doc = self._tokenise(text)
        at = {token.idx: token for token in doc}
        for start, marker_end in line_starts(text):
            if start in at:
                at[start].is_sent_start = True
            if marker_end > start and marker_end in at and start in at:  # "2. The state": no sentence "2."
                for token in doc[at[start].i + 1 : at[marker_end].i + 1]:
                    token.is_sent_start = False
        return doc

    def _tokenise(self, text: str) -> Doc:
        if _LONG_RUN.search(text) is None:
            doc: Doc = self._base(text)
            return doc
        words: list[str] = []
        spaces: list[bool] = []
        for piece in _pieces(text):
            for token in self._base(piece):
                words.append(token.text)
                spaces.append(bool(token.whitespace_))
        return Doc(self._base.vocab, words=words, spaces=spaces)


def line_starts(text: str) -> Iterator[tuple[int, int]]:
    """The lines that begin a sentence: (offset of its first character, offset after its list marker).

    A line continues the sentence of the line before (hard-wrapped prose) if it begins with a lower-case
    letter and that line neither ends a sentence nor is empty.
    """
    offset = 0
    before = ""
    for line in text.split("\n"):
        content = line.strip()
        start = offset + len(line) - len(line.lstrip())
        if content and (
            not before or before.endswith(_ENDS_LINE) or not content[0].islower() or _MARKER.match(content)
        ):
            marker = _MARKER.match(content)
            yield start, start + (marker.end() if marker else 0)
        before = content
        offset += len(line) + 1


def cut_long(spans: Sequence[tuple[int, int]], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Cut one sentence so that no part has over `MAX_TOKENS` tokens or `MAX_CHARS` characters.

    Args:
        spans: (start, end) character offsets of its tokens.
        texts: the tokens.

    Returns:
        Ranges [first, last) of tokens that follow one another.  Cuts fall after punctuation where the second
        half of what fits has some, else at white space, else between two tokens.
    """
    ranges: list[tuple[int, int]] = []
    first = 0
    while first < len(spans):
        last = first + 1
        while (
            last < len(spans) and last - first < MAX_TOKENS and spans[last][1] - spans[first][0] <= MAX_CHARS
        ):
            last += 1
        if last < len(spans):
            last = _best_cut(spans, texts, first, last)
        ranges.append((first, last))
        first = last
    return ranges


def _best_cut(spans: Sequence[tuple[int, int]], texts: Sequence[str], first: int, last: int) -> int:
    half = first + (last - first + 1) // 2
    candidates = range(last, half, -1)
    for cut in candidates:
        if texts[cut - 1][-1] in _GOOD_CUTS and spans[cut][0] > spans[cut - 1][1]:
            return cut
    for cut in candidates:
        if texts[cut - 1][-1] in _GOOD_CUTS:
            return cut
    for cut in candidates:
        if spans[cut][0] > spans[cut - 1][1]:
            return cut
    return last


def _pieces(text: str) -> Iterator[str]:
    """The text in parts that hold no run of over `MAX_RUN` characters without white space."""
    end = 0
    for run in _LONG_RUN.finditer(text):
        if run.start() > end:
            yield text[end : run.start()]
        yield from _PIECE.findall(run.group())
        end = run.end()
    if end < len(text):
        yield text[end:]
