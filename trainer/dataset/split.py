"""Splits a data set into a part to train on and a part held out.

Records that are nearly the same go to one side together: otherwise what is held out would have been learnt.
The same file with the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.dataset.duplicates import equal, near_answers, near_questions
from trainer.dataset.embedding import Embedder, EmbeddingUnavailable, Report
from trainer.dataset.entries import Entry, load_entries
from trainer.dataset.load import DatasetError, read_lines
from trainer.dataset.themes import themes_beside
from trainer.dataset.write import write_json, write_lines

TRAIN, HELD_OUT, SUMMARY = "train.jsonl", "held_out.jsonl", "split.json"
THRESHOLD = 0.85
"""Lower than `data validate` reports: a pair kept together needlessly costs nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to split."""

    share: float = 0.1
    """Of the records to hold out, above 0 and below 1."""
    seed: int = 0
    by_source: bool = False
    """Records of one source stay together too."""
    threshold: float = THRESHOLD
    """Cosine from which two questions, or two answers, keep their records together."""


@dataclass(frozen=True, slots=True)
class Split:
    """What was written."""

    summary: Mapping[str, Any]
    files: tuple[Path, ...]


def split(
    path: Path,
    out: Path,
    plan: Plan,
    embedder: Callable[[], Embedder] | None = Embedder,
    progress: Callable[[str], Report] | None = None,
) -> Split:
    """Write `train.jsonl`, `held_out.jsonl` (lines as they are, in their order) and `split.json`.

    Args:
        path: JSONL of any schema.
        out: the folder for the three files.
        plan: how.
        embedder: makes the embedder; None keeps only equal texts together.
        progress: given the name of a long step, returns what is told how far that is.

    Raises:
        DatasetError: a bad record, named by file, line and field; a share that leaves one side empty.
    """
    if not 0 < plan.share < 1:
        raise DatasetError(f"share {plan.share} is not above 0 and below 1")
    schema, entries = load_entries(path)
    themes = themes_beside(path, len(entries))
    groups, note = _groups(entries, plan, embedder, progress)
    strata = _strata(groups, themes.names)
    held = _hold_out(strata, entries, plan)
    if not held or len(held) == len(entries):
        raise DatasetError(
            f"{path}: a share of {plan.share} leaves one side empty: there are {len(entries)} records, in "
            f"{len(groups)} groups that stay together"
        )
    lines = read_lines(path)
    files = (out / TRAIN, out / HELD_OUT, out / SUMMARY)
    write_lines(files[0], (line for place, line in enumerate(lines) if place not in held))
    write_lines(files[1], (line for place, line in enumerate(lines) if place in held))
    summary = {
        "source": path.name,
        "source_sha256": _sha256(path),
        "schema": schema,
        "share": plan.share,
        "seed": plan.seed,
        "kept_together": note,
        "by_source": plan.by_source,
        "groups_of_several": sum(len(group) > 1 for group in groups),
        "train": {"file": TRAIN, "records": len(entries) - len(held), "sha256": _sha256(files[0])},
        "held_out": {
            "file": HELD_OUT,
            "records": len(held),
            "sha256": _sha256(files[1]),
            "lines": [place + 1 for place in sorted(held)],
        },
        "themes_note": themes.note,
        "themes": _by_theme(themes.names, held),
    }
    write_json(files[2], summary)
    return Split(summary, files)


def _groups(
    entries: Sequence[Entry],
    plan: Plan,
    embedder: Callable[[], Embedder] | None,
    progress: Callable[[str], Report] | None,
) -> tuple[list[list[int]], str]:
    """Places of the records that stay together, and what was looked at."""
    together = _Union(len(entries))
    questions = [entry.asked for entry in entries]
    answered = [place for place, entry in enumerate(entries) if entry.answer is not None]
    answers = [entries[place].answer or "" for place in answered]
    for first, second in equal(questions):
        together.join(first, second)
    for first, second in equal(answers):
        together.join(answered[first], answered[second])
    if plan.by_source:
        for source in ("source", "article_title"):
            _join_sources(entries, source, together)
    note = "equal questions or answers; near-duplicates were not looked for"
    if embedder is None:
        return together.groups(), f"{note}, as was asked"
    try:
        model = embedder()
        report = progress("embedding questions") if progress else None
        for pair in near_questions(questions, model, plan.threshold, report):
            together.join(pair.first, pair.second)
        if answers:
            report = progress("embedding answers") if progress else None
            for pair in near_answers(answers, model, plan.threshold, report):
                together.join(answered[pair.first], answered[pair.second])
    except EmbeddingUnavailable as error:
        return together.groups(), f"{note}: {error}"
    return together.groups(), f"questions or answers equal, or near from a cosine of {plan.threshold}"


def _join_sources(entries: Sequence[Entry], field: str, together: _Union) -> None:
    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        if value := entry.origin.get(field):
            together.join(first.setdefault(value, place), place)


def _strata(groups: Sequence[list[int]], names: Sequence[str] | None) -> dict[str, list[list[int]]]:
    """The groups by the theme of their first record."""
    strata: dict[str, list[list[int]]] = {}
    for group in groups:
        strata.setdefault(names[group[0]] if names else "", []).append(group)
    return strata


def _hold_out(strata: Mapping[str, Sequence[list[int]]], entries: Sequence[Entry], plan: Plan) -> set[int]:
    """Places of the records to hold out: in each theme the share, as near as groups allow.

    What a theme misses or has too many is made up for in the next.  A group's rank is a hash of its question
    and the seed, so that records which are added later hardly move the others.
    """
    held: set[int] = set()
    due = 0.0
    for groups in strata.values():
        due += plan.share * sum(map(len, groups))
        for group in sorted(groups, key=lambda group: _rank(entries[group[0]].question, plan.seed)):
            if len(group) / 2 < due:  # nearer to what is due than without it
                held.update(group)
                due -= len(group)
    return held


def _rank(question: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{question}".encode()).digest()


def _by_theme(names: Sequence[str] | None, held: set[int]) -> dict[str, dict[str, int]]:
    if names is None:
        return {}
    out = Counter(names[place] for place in held)
    return {
        name: {"train": count - out[name], "held_out": out[name]} for name, count in Counter(names).items()
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Union:
    """Places that were joined, directly or over others, are one group."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def join(self, first: int, second: int) -> None:
        one, other = sorted((self._root(first), self._root(second)))
        self._parents[other] = one

    def groups(self) -> list[list[int]]:
        """In the order of their first places."""
        found: dict[int, list[int]] = {}
        for place in range(len(self._parents)):
            found.setdefault(self._root(place), []).append(place)
        return list(found.values())

    def _root(self, place: int) -> int:
        while self._parents[place] != place:
            self._parents[place] = self._parents[self._parents[place]]
            place = self._parents[place]
        return place
