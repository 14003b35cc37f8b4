"""Describes a data set: how many, how long, about what, and from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.dataset.entries import Entry, load_entries
from trainer.dataset.load import DatasetError
from trainer.dataset.sentences import sentences, words
from trainer.dataset.themes import themes_beside

THEME_KEYWORDS = 5
NO_TOPICS = frozenset((
    "did", "does", "do", "doing", "like", "just", "mean", "means", "meant", "said", "say", "says", "later",
    "different", "according", "explain", "what", "describe", "discuss", "role", "make", "makes", "made",
    "way", "use", "used",
))  # fmt: skip
"""Words of questions and of exposition, beside scikit-learn's English stop words."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, middle, mean, 95th percentile and largest of some counts."""

    minimum: int
    median: float
    mean: float
    p95: float
    maximum: int

    @classmethod
    def of(cls, counts: Sequence[int]) -> Spread:
        """Of at least one count."""
        median, p95 = (float(value) for value in np.percentile(counts, [50, 95]))
        return cls(min(counts), median, round(float(np.mean(counts)), 1), round(p95, 1), max(counts))


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or two, its weight (mean tf-idf over the records, 0 to 1), and how many records hold it."""

    term: str
    weight: float
    records: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of a data set."""

    file: str
    schema: str
    records: int
    lengths: Mapping[str, Spread]
    """What is counted → its spread, such as `question, words`."""
    counts: Mapping[str, tuple[int, ...]]
    """The counts themselves, in the order of the records."""
    keywords: tuple[Keyword, ...]
    origins: Mapping[str, Mapping[str, int]]
    """A field that says where a record comes from → each value with its number of records."""
    without_origin: int
    """Records that say nothing of where they come from."""
    themes: Mapping[str, tuple[int, tuple[str, ...]]]
    """Theme → its number of records, and the terms that set it off from the others."""
    themes_note: str

    def as_json(self) -> dict[str, Any]:
        """Everything but the single counts, for a file."""
        values = asdict(self)
        del values["counts"]
        values["themes"] = {
            name: {"records": count, "keywords": terms} for name, (count, terms) in self.themes.items()
        }
        return values


def describe(path: Path, keywords: int = 20) -> Statistics:
    """Read a data set and count.

    Args:
        path: JSONL of any schema.
        keywords: how many to name.

    Raises:
        DatasetError: names file, line and field of the first bad record; or a library that is missing.
    """
    schema, entries = load_entries(path)
    themes = themes_beside(path, len(entries))
    counts = _counts(entries)
    weights, terms = _weights(entries)
    return Statistics(
        file=str(path),
        schema=schema,
        records=len(entries),
        lengths={name: Spread.of(values) for name, values in counts.items() if values},
        counts=counts,
        keywords=_keywords(weights, terms, keywords),
        origins=_origins(entries),
        without_origin=sum(not entry.origin for entry in entries),
        themes=_theme_terms(weights, terms, themes.names) if themes.names else {},
        themes_note=themes.note,
    )


def _counts(entries: Sequence[Entry]) -> dict[str, tuple[int, ...]]:
    answers = [entry.answer for entry in entries if entry.answer is not None]
    return {
        "question, words": tuple(words(entry.question) for entry in entries),
        "answer, words": tuple(words(answer) for answer in answers),
        "answer, sentences": tuple(len(sentences(answer)) for answer in answers),
    }


def _origins(entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for entry in entries:
        for field, value in entry.origin.items():
            found.setdefault(field, Counter())[value] += 1
    return {field: dict(counter.most_common()) for field, counter in found.items()}


def _weights(entries: Sequence[Entry]) -> tuple[Any, Any]:
    """tf-idf of every record's question and answer, shape (records, terms), and the terms."""
    try:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
    except ImportError as error:
        raise DatasetError("scikit-learn is not installed, and finding keywords needs it") from error
    texts = [f"{entry.question}\n{entry.answer or ''}" for entry in entries]
    vectorizer = TfidfVectorizer(
        stop_words=sorted(ENGLISH_STOP_WORDS | NO_TOPICS),
        ngram_range=(1, 2),
        sublinear_tf=True,
        # What one record alone says is no topic of the set; nor is a number.
        min_df=2 if len(texts) > 1 else 1,
        token_pattern=r"(?u)\b[^\W\d_][\w-]+\b",
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # nothing but stop words, or no word twice
        return np.zeros((len(texts), 0)), np.array([], dtype=str)
    return weights, vectorizer.get_feature_names_out()


def _keywords(weights: Any, terms: Any, most: int) -> tuple[Keyword, ...]:
    means = np.asarray(weights.mean(axis=0)).ravel() if weights.shape[1] else np.zeros(0)
    records = np.asarray((weights > 0).sum(axis=0)).ravel()
    order = np.argsort(-means, kind="stable")[:most]
    return tuple(Keyword(str(terms[i]), round(float(means[i]), 4), int(records[i])) for i in order)


def _theme_terms(weights: Any, terms: Any, names: Sequence[str]) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The terms whose mean weight is farthest above that in the other themes."""
    labels = np.array(names)
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for name in dict.fromkeys(names):
        inside = labels == name
        chosen: tuple[str, ...] = ()
        if weights.shape[1] and not inside.all():
            lead = np.asarray(weights[inside].mean(axis=0) - weights[~inside].mean(axis=0)).ravel()
            order = np.argsort(-lead, kind="stable")[:THEME_KEYWORDS]
            chosen = tuple(str(terms[i]) for i in order if lead[i] > 0)
        found[name] = (int(inside.sum()), chosen)
    return found
