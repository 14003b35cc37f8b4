"""Pairs of words that can't both be true of a thing: direct antonyms of WordNet 3.0 (`antonyms.tsv`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def antonyms() -> Mapping[str, frozenset[str]]:
    """Lemma → its antonyms, in both directions, whatever the part of speech."""
    found: dict[str, set[str]] = {}
    text = resources.files(__package__).joinpath("antonyms.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            _, one, other = line.split("\t")
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}
