"""The words by which a lexicon is matched: tokens cut at hyphens, case-folded, in one spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reward_service.types import Document

_PIECE = re.compile(r"['’]s(?!\w)|['’]|[–—/]|[^\s'’\-‐‑–—/*_]+")
_PREFIX_LIST = "anti counter crypto ex neo non post pre proto pseudo quasi semi sub super ultra"
_PREFIXES = frozenset(_PREFIX_LIST.split())
"""Before a hyphen these make another concept of a word: "non-capital" is not capital."""
_NOMINAL = frozenset({"ADJ", "NOUN", "PROPN", "X", ""})
_YEAR = re.compile(r"[12]\d{3}")
_DECADE = re.compile(r"[12]\d{2}0s")
_FIRST_YEAR, _LAST_YEAR = 1500, 2100
_BREAK = re.compile(r"\n\s*\n|[-‐‑]\s|\s[-‐‑]|[-‐‑]{2}")
"""Between two words: an empty line, a dash."""
_BARRIER = "¶"


@dataclass(frozen=True, slots=True)
class Word:
    """A token, or a piece of one between hyphens."""

    text: str
    forms: frozenset[str]
    """The folded text, and for nouns the lemma and singular."""
    verb: bool
    token: int
    start: int
    end: int
    after_prefix: bool
    """Joined by a hyphen to a prefix that makes it another concept."""


def split_phrase(phrase: str, spellings: Mapping[str, str]) -> tuple[str, ...]:
    """A phrase as folded words: "Surplus-Value" → ("surplus", "value")."""
    return tuple(_fold(piece, spellings) for piece in _PIECE.findall(phrase))


def words_of(document: Document, spellings: Mapping[str, str]) -> list[Word]:
    """A document's words in order; no entry crosses the barriers at empty lines and dashes."""
    words: list[Word] = []
    end = 0
    for index, token in enumerate(document.tokens):
        for piece in _PIECE.finditer(token.text):
            start = token.start + piece.start()
            gap = document.text[end:start]
            if words and _BREAK.search(gap):
                words.append(Word(_BARRIER, frozenset(), False, index, end, start, False))
            text = _fold(piece.group(), spellings)
            after_prefix = bool(words) and gap in {"-", "‐", "‑"} and words[-1].text in _PREFIXES
            whole = piece.group() == token.text
            forms = {text}
            if whole and token.pos in _NOMINAL:
                forms |= {_fold(token.lemma, spellings), _singular(text)}
            end = start + len(piece.group())
            verb = whole and token.pos in {"AUX", "VERB"}
            words.append(Word(text, frozenset(forms), verb, index, start, end, after_prefix))
    return words


def matches_word(pattern: str, word: Word, lemma: bool, size: int) -> bool:
    """Whether one word of an entry, or a placeholder, matches a word of a text.

    Args:
        pattern: a folded word, `<year>` or `<decade>`.
        word: the word of the text.
        lemma: the entry is matched by noun lemma.
        size: how many words the entry has; a single noun is never matched by a verb.
    """
    if pattern == "<year>":
        return bool(_YEAR.fullmatch(word.text)) and _FIRST_YEAR <= int(word.text) <= _LAST_YEAR
    if pattern == "<decade>":
        return bool(_DECADE.fullmatch(word.text)) and _FIRST_YEAR <= int(word.text[:4]) <= _LAST_YEAR
    if not lemma:
        return pattern == word.text
    return pattern in word.forms and not (size == 1 and word.verb)


def _fold(text: str, spellings: Mapping[str, str]) -> str:
    folded = text.replace("’", "'").casefold()
    return spellings.get(folded, folded)


def _singular(text: str) -> str:
    """A guess for nouns that the model took for names, whose lemma is left as it is ("Workers")."""
    if text.endswith("ies") and len(text) > 4:
        return text[:-3] + "y"
    return (
        text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) and len(text) > 3 else text
    )
