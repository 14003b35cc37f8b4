"""Who wrote a work, by its title: "Library {Author} {Work} …"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from trainer.dataset.load import DatasetError

AUTHORS = Path(__file__).with_name("authors.yaml")

_SHELF = re.compile(r"^\s*library\b[\s:/–—-]*", re.IGNORECASE)
_PARTICLES = frozenset(["al", "bin", "da", "de", "del", "der", "di", "du", "la", "le", "van", "von", "y"])
_NO_NAME = frozenset((
    "a", "an", "the", "on", "of", "in", "to", "for", "from", "against", "about", "what", "why", "how",
    "who", "where", "is", "are", "report", "speech", "letter", "letters", "theses", "manifesto", "history",
    "introduction", "collected", "selected", "works", "program", "programme", "notes", "some", "our", "my",
))  # fmt: skip
"""Words that begin works, not names."""


@dataclass(frozen=True, slots=True)
class Titled:
    """A title in its parts."""

    author: str | None
    work: str
    """What follows the author; all of the title where there is none or nothing follows."""
    guessed: bool = False
    """The author is not in the list: the first capitalised words were taken."""


class Authors:
    """Known authors, with the ways their names are written."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {tuple(_fold(written)): name for written, name in names.items()}
        self._longest = max((len(words) for words in self._names), default=0)

    @classmethod
    def load(cls, path: Path = AUTHORS) -> Authors:
        """Of a YAML file: a list of names, or of lists of the ways to write one.

        Raises:
            DatasetError: it can't be read, or is no such list.
        """
        try:
            entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DatasetError(f"{path}: can't be read as YAML: {error}") from error
        names: dict[str, str] = {}
        for number, entry in enumerate(entries if isinstance(entries, list) else [None], start=1):
            ways = [entry] if isinstance(entry, str) else entry
            if not (
                isinstance(ways, list) and ways and all(isinstance(way, str) and way.strip() for way in ways)
            ):
                raise DatasetError(f"{path}, entry {number}: must be a name, or a list of ways to write one")
            names.update(dict.fromkeys(ways, ways[0]))
        return cls(names)

    def parse(self, title: str) -> Titled:
        """Author and work of a title.

        The longest known name that begins what follows "Library" wins.  Where none does, two capitalised
        words are taken (with initials and particles between them), and are said to be guessed.  Without
        "Library" in front, only a known name counts.
        """
        title = unicodedata.normalize("NFC", title).replace("_", " ")
        shelf = _SHELF.match(title)
        rest = title[shelf.end() :] if shelf else title
        words = re.findall(r"[^\s/:]+", rest)
        taken = self._known(words)
        if taken:
            return Titled(self._names[tuple(_fold(" ".join(words[:taken])))], _after(rest, words, taken))
        if shelf and (taken := _guess(words)):
            return Titled(" ".join(words[:taken]).strip(",;"), _after(rest, words, taken), guessed=True)
        return Titled(None, " ".join(rest.split()) or title.strip())

    def _known(self, words: Sequence[str]) -> int:
        """How many words the longest known name at the beginning has."""
        for taken in range(min(len(words), self._longest + 2), 0, -1):  # initials may be joined or apart
            if tuple(_fold(" ".join(words[:taken]))) in self._names:
                return taken
        return 0


def _fold(name: str) -> list[str]:
    """The words of a name without case, accents, dots and hyphens; initials stand alone."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", name.replace("đ", "d")) if not unicodedata.combining(c)
    )
    return re.findall(r"&|\w+", bare.casefold())


def _guess(words: Sequence[str]) -> int:
    """How many words look like a name: two capitalised ones, initials and particles not counted."""
    full = 0
    for place, word in enumerate(words[:5]):
        bare = word.strip(".,;'’\"“”()")
        if bare.casefold() in _NO_NAME or not bare:
            return 0
        if bare.casefold() in _PARTICLES and full:
            continue
        if not bare[0].isupper() or any(c.isdigit() for c in bare):
            return 0
        if len(bare) > 1 and "." not in bare:
            full += 1
        if full == 2:
            return place + 1
    return 0


def _after(rest: str, words: Sequence[str], taken: int) -> str:
    """The title behind the author's words."""
    end = 0
    for word in words[:taken]:
        end = rest.index(word, end) + len(word)
    work = " ".join(rest[end:].split()).strip(" /:,;–—-")
    return work or " ".join(rest.split())
