"""A domain's lexicon: terms, connectives, buzzwords and the like, and where a document holds them.

Terms match on token boundaries, case-folded, by noun lemma where the entry says so; the longest entry wins
and matches never overlap.  Hyphens and spelling variants make no difference.  Source: REWARDS.md, "Terms".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reward_service.errors import ConfigurationError
from reward_service.lexicons.lexicon_file import LexiconFile, Sections, find, parse
from reward_service.lexicons.words import Word, matches_word, split_phrase, words_of
from reward_service.types import Document


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a document."""

    entry: str
    """Canonical form: equal for all wordings of one concept, so distinct entries are concepts."""
    category: str
    text: str
    start: int
    end: int
    """Characters [start, end) of the document's text."""
    first: int
    last: int
    """Tokens [first, last)."""


class Wording(NamedTuple):
    """One way to write an entry, as words and placeholders."""

    words: tuple[str, ...]
    entry: str
    category: str
    lemma: bool


Index = Mapping[tuple[str, str], tuple[Wording, ...]]
"""First and second word → the wordings that begin so, longest first.

The second is empty where it is a placeholder or missing.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """A loaded lexicon; immutable."""

    name: str
    digest: str
    """SHA-256 of the file, for the fingerprint."""
    term_categories: Mapping[str, str]
    """Canonical form of each term → its category."""
    question_words: frozenset[str]
    """Words by which a question asks and frames; no topics."""
    theorists: frozenset[str]
    """Names to whom views are ascribed."""
    _spellings: Mapping[str, str]
    _canonical: Mapping[str, str]
    _groups: Mapping[str, frozenset[str]]
    _synonyms: Mapping[str, str]
    _terms: Index
    _connectives: Index
    _explanations: Index
    _hollow: Index
    _depth: Index

    def terms(self, document: Document) -> tuple[Match, ...]:
        """The domain's terms; all wordings of one concept (`equivalences`) share one `entry`."""
        return self._find(document, "terms", self._terms)

    def connectives(self, document: Document) -> tuple[Match, ...]:
        """Words that join one thought to the next."""
        return self._find(document, "connectives", self._connectives)

    def explanations(self, document: Document) -> tuple[Match, ...]:
        """Phrases by which a mechanism is explained."""
        return self._find(document, "explanations", self._explanations)

    def hollow(self, document: Document) -> tuple[Match, ...]:
        """Buzzwords and filler."""
        return self._find(document, "hollow", self._hollow)

    def depth_markers(self, document: Document) -> tuple[Match, ...]:
        """Concrete evidence: dates, authorities, examples, quantities."""
        return self._find(document, "depth", self._depth)

    def canonical(self, phrase: str) -> str:
        """The canonical form of a wording ("capitalist class" → "bourgeoisie"); an unknown phrase, folded."""
        folded = self.fold(phrase)
        return self._canonical.get(folded, folded)

    def equivalents(self, phrase: str) -> frozenset[str]:
        """All wordings that mean the same as the phrase, itself included, folded."""
        return self._groups.get(self.canonical(phrase), frozenset()) | {self.fold(phrase)}

    def synonym(self, phrase: str) -> str | None:
        """The second wording of an equivalence for its first, folded; None for any other phrase.

        The others of a group may be narrower, or persons where the first is a class.
        """
        return self._synonyms.get(self.fold(phrase))

    def fold(self, phrase: str) -> str:
        """How wordings are compared: case-folded, without hyphens, in the lexicon's spelling."""
        return " ".join(split_phrase(phrase, self._spellings))

    def _find(self, document: Document, kind: str, index: Index) -> tuple[Match, ...]:
        return document.once(
            (self.digest, kind), lambda: tuple(_matches(document, self._words(document), index))
        )

    def _words(self, document: Document) -> list[Word]:
        return document.once((self.digest, "words"), lambda: words_of(document, self._spellings))


def load_lexicon(name_or_path: str | Path) -> Lexicon:
    """Load and check a lexicon.

    Args:
        name_or_path: a name of this folder (`marxist`), or the path of a YAML file.

    Raises:
        ConfigurationError: no such file, or an error in it; names the file, the place in it and the value.
    """
    path = find(name_or_path)
    data = path.read_bytes()
    file = parse(path, data)
    return _Builder(path, file).build(hashlib.sha256(data).hexdigest())


def _matches(document: Document, words: list[Word], index: Index) -> Iterator[Match]:
    position = 0
    while position < len(words):
        wording = _longest(words, position, index)
        if wording is None:
            position += 1
            continue
        first, last = words[position], words[position + len(wording.words) - 1]
        dates = [
            word.text
            for pattern, word in zip(wording.words, words[position:], strict=False)
            if pattern in {"<year>", "<decade>"}
        ]
        yield Match(
            " – ".join(dates) or wording.entry,
            wording.category,
            document.text[first.start : last.end],
            first.start,
            last.end,
            first.token,
            last.token + 1,
        )
        position += len(wording.words)


def _longest(words: list[Word], position: int, index: Index) -> Wording | None:
    head = words[position]
    if head.after_prefix:
        return None  # "anti-communism" is not communism
    found: Wording | None = None
    following = words[position + 1].forms if position + 1 < len(words) else frozenset[str]()
    for key in sorted((form, second) for form in head.forms for second in {"", *following}):
        for wording in index.get(key, ()):
            size = len(wording.words)
            if found is not None and size <= len(found.words):
                break
            window = words[position : position + size]
            if len(window) == size and all(
                matches_word(pattern, word, wording.lemma, size)
                for pattern, word in zip(wording.words, window, strict=True)
            ):
                found = wording
                break
    return found


class _Builder:
    """Turns a checked file into the tables of a Lexicon."""

    def __init__(self, path: Path, file: LexiconFile) -> None:
        self.path, self.file = path, file
        self.spellings = {key.casefold(): value.casefold() for key, value in file.spellings.items()}

    def build(self, digest: str) -> Lexicon:
        file = self.file
        canonical, categories, terms = self._terms()
        groups: dict[str, set[str]] = {}
        for wording, head in canonical.items():
            groups.setdefault(head, set()).add(wording)
        return Lexicon(
            name=file.name,
            digest=digest,
            term_categories=categories,
            question_words=frozenset(self.fold(word) for word in file.question_words),
            theorists=frozenset(self.fold(name) for name in file.theorists),
            _spellings=self.spellings,
            _canonical=canonical,
            _groups={head: frozenset(wordings) for head, wordings in groups.items()},
            _synonyms={self.fold(group[0]): self.fold(group[1]) for group in file.equivalences if group[1:]},
            _terms=_index(terms),
            _connectives=_index(self._section("discourse_connectives", file.discourse_connectives)),
            _explanations=_index(self._section("explanatory_phrases", file.explanatory_phrases)),
            _hollow=_index(self._section("hollow_buzzwords", file.hollow_buzzwords)),
            _depth=_index(self._patterns()),
        )

    def fold(self, phrase: str) -> str:
        return " ".join(split_phrase(phrase, self.spellings))

    def _terms(self) -> tuple[dict[str, str], dict[str, str], list[Wording]]:
        wordings = self._section("terms", self.file.terms)
        canonical = {" ".join(wording.words): wording.entry for wording in wordings}
        categories = {wording.entry: wording.category for wording in wordings}
        for number, group in enumerate(self.file.equivalences):
            place, head = f"equivalences.{number}", self.fold(group[0])
            if head not in categories:
                raise self._error(place, group[0], "the first of a group must be an entry of `terms`")
            for phrase in group[1:]:
                folded = self.fold(phrase)
                if folded in canonical:
                    raise self._error(place, phrase, f"is a wording of {canonical[folded]!r} already")
                canonical[folded] = head
                wordings.append(Wording(tuple(folded.split()), head, categories[head], True))
        return canonical, categories, wordings

    def _section(self, section: str, content: Sections) -> list[Wording]:
        wordings, seen = [], set()
        for category, entries in content.items():
            for number, entry in enumerate(entries):
                head = self.fold(entry.phrase)
                for phrase in [entry.phrase, *entry.variants]:
                    words = split_phrase(phrase, self.spellings)
                    if not words or words in seen:
                        problem = "is given twice" if words else "holds no word"
                        raise self._error(f"{section}.{category}.{number}", phrase, problem)
                    seen.add(words)
                    wordings.append(Wording(words, head, category, entry.lemma))
        return wordings

    def _patterns(self) -> list[Wording]:
        """Depth markers with `<theorist>`, `<says>` and `<work>` filled in; `<year>` and `<decade>` stay."""
        fillers = {"<theorist>": self.file.theorists, "<says>": self.file.says, "<work>": self.file.works}
        wordings = []
        for category, patterns in self.file.depth_markers.items():
            for number, pattern in enumerate(patterns):
                forms: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())]  # (words, entry)
                for part in pattern.split():
                    if part in fillers:
                        options = [split_phrase(filler, self.spellings) for filler in fillers[part]]
                    elif part.startswith("<") and part not in {"<year>", "<decade>"}:
                        raise self._error(f"depth_markers.{category}.{number}", pattern, f"unknown {part}")
                    else:
                        options = [(part,) if part.startswith("<") else split_phrase(part, self.spellings)]
                    forms = [
                        (words + option, (*entry, part) if part == "<says>" else entry + option)
                        for words, entry in forms
                        for option in options
                    ]
                wordings += [Wording(words, " ".join(entry), category, False) for words, entry in forms]
        return wordings

    def _error(self, place: str, value: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path}: {place}: {value!r}: {problem}", where=place)


def _index(wordings: Iterable[Wording]) -> Index:
    by_start: dict[tuple[str, str], list[Wording]] = {}
    for wording in wordings:
        first, second = (*wording.words, "")[:2]
        key = (first, "" if second.startswith("<") else second)
        by_start.setdefault(key, []).append(wording)
    return {
        key: tuple(sorted(found, key=lambda wording: (-len(wording.words), wording.words)))
        for key, found in by_start.items()
    }
