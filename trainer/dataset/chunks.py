"""Library chunks: passages of works, with what a library knows of them, and what of it is worth asking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.dataset.load import About, DatasetError, Text

TEMPLATES = Path(__file__).with_name("questions.yaml")
PLACES = "{author} {section} {concept} {category} {title}"
"""What a template may hold."""
_NUMBER = re.compile(
    r"^\(?(?:\d{1,3}(?:\.\d{1,3})+[.:)]*|(?:[IVXLCDM]+|\d{1,3}|[A-Za-z])(?:[.:)]+|\s*[–—-]))\s+(?![A-Z]\.)"
)
"""Of a heading: "1.2 …", "IV. …", "a) …"; neither a year nor the initials of a name."""
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_NAMES_SOMETHING = re.compile(r"[^\W\d_]{2}")


class Chunk(BaseModel):
    """A line of the input; libraries export more fields than these, and they are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    text: Text
    article_title: Text
    section: str | None = None
    internal_links: list[str] | None = None
    categories: list[str] | None = None


class Template(BaseModel):
    """A question with places for what is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    question: str
    for_two: str | None = None
    """The question where two authors wrote together."""
    about: About

    def needs(self) -> list[str]:
        """The names in braces."""
        return re.findall(r"\{(\w+)\}", f"{self.question} {self.for_two or ''}")


class _Housekeeping(BaseModel):
    begins: list[str] = []
    ends: list[str] = []


class Wording(BaseModel):
    """`questions.yaml`: what is asked, and what is never asked about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    templates: list[Template] = Field(min_length=1)
    generic_sections: list[str] = []
    numbered: list[str] = []
    numbers: list[str] = []
    namespaces: list[str] = []
    housekeeping: _Housekeeping = _Housekeeping()


@dataclass(frozen=True, slots=True)
class Topics:
    """What a chunk gives to ask about; None where it gives nothing."""

    section: str | None
    concept: str | None
    category: str | None


def load_wording(path: Path = TEMPLATES) -> Wording:
    """Read templates and what goes with them.

    Raises:
        DatasetError: names file and field.
    """
    try:
        wording = Wording.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DatasetError(f"{path}: can't be read as YAML: {error}") from error
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, detail["loc"]))
        raise DatasetError(f"{path}: field {field}: {detail['msg']}") from error
    for number, template in enumerate(wording.templates):
        if unknown := _unknown(template):
            raise DatasetError(f"{path}: field templates.{number}: {unknown} is unknown; there are {PLACES}")
    return wording


def _unknown(template: Template) -> str | None:
    """The first brace of a template that no known place explains."""
    text = f"{template.question} {template.for_two or ''}"
    for place in PLACES.split():
        text = text.replace(place, "")
    found = re.search(r"\{[^{}]*\}?|\}", text)
    return found and found[0]


def topics(chunk: Chunk, wording: Wording) -> Topics:
    """Section, concept and category of a chunk, cleaned; what is generic or keeps house counts as nothing."""
    return Topics(
        section=clean_section(chunk.section or "", wording),
        concept=_first(chunk.internal_links, wording),
        category=_first(chunk.categories, wording, category=True),
    )


def clean_section(section: str, wording: Wording) -> str | None:
    """A heading without its number; None where it is generic or nothing but a number."""
    text = _tidy(section.strip().strip("=").replace("'''", "").replace("''", ""))
    kinds, numbers = ("|".join(map(re.escape, words)) for words in (wording.numbered, wording.numbers))
    chapter = rf"(?:{kinds})\.?\s*(?:[ivxlcdm]+|\d+|[a-z]|{numbers})\b(?!['’-])\s*[.:)–—-]*\s*"
    text = re.sub(f"^{chapter}", "", text, flags=re.IGNORECASE) if kinds and numbers else text
    text = _NUMBER.sub("", text).strip(" .:;,–—-")
    folded = text.casefold().replace("’", "'")
    if folded in wording.generic_sections or folded in wording.numbered or _ROMAN.fullmatch(folded):
        return None
    return _within_a_sentence(text) if _NAMES_SOMETHING.search(text) else None


def clean_link(link: str, wording: Wording, *, category: bool = False) -> str | None:
    """What a wiki link or category names: `[[Target|label]]` → Target; None for files, shelves and such."""
    text = link.strip().removeprefix("[[").removesuffix("]]").partition("|")[0]
    text = _tidy(text.lstrip(":").partition("#")[0])
    space, colon, rest = text.partition(":")
    if colon and category and space.strip().casefold() == "category":
        text = rest.strip()
    elif colon and space.strip().casefold() in wording.namespaces:
        return None
    text = re.sub(r"\s*\([^()]*\)$", "", text)  # "Value (economics)" tells one value from another
    folded = text.casefold()
    keeps_house = category and (
        folded.startswith(tuple(f"{words} " for words in wording.housekeeping.begins))
        or folded.endswith(tuple(wording.housekeeping.ends))
        or folded in wording.housekeeping.begins
    )
    if keeps_house or not _NAMES_SOMETHING.search(text):
        return None
    return _within_a_sentence(text) if category else text


def _first(links: Sequence[str] | None, wording: Wording, *, category: bool = False) -> str | None:
    cleaned = (clean_link(link, wording, category=category) for link in links or [])
    return next((text for text in cleaned if text), None)


def _tidy(text: str) -> str:
    return " ".join(text.replace("_", " ").split())


def _within_a_sentence(text: str) -> str:
    """As part of a question: no capital on a leading article, and quoted where it is a sentence itself."""
    if text.endswith(("?", "!")):
        return f"“{text}”"
    return re.sub(r"^(?:The|An?)(?= )", lambda match: match[0].lower(), text)
