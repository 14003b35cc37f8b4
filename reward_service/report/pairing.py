"""Which rows of two files answer the same question.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reward_service.report.scores import ScoreFile


@dataclass(frozen=True, slots=True)
class Group:
    """One question with its rows in both files."""

    ours: tuple[int, ...]
    """Rows of the file that is compared."""
    theirs: tuple[int, ...]
    """Rows of the baseline; beside those of `ours`, one to one, where rows are paired by id."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """The questions of two files that can be compared."""

    by: Literal["id", "question"] | None
    """None where nothing matches."""
    groups: tuple[Group, ...]
    unpaired_ours: int
    """Rows without a counterpart."""
    unpaired_theirs: int
    clash: str | None
    """An id that stands for one question here and for another there, so that ids pair nothing."""


def pair(ours: ScoreFile, theirs: ScoreFile) -> Pairing:
    """Pair the rows of two files.

    By id, where files share ids and each stands for the same question in both.  Otherwise by question: all
    answers to it here against all answers to it there.  Rows paired by id that answer one question make one
    group, since they are not independent of each other.
    """
    shared, clash = _shared_ids(ours, theirs)
    if shared and clash is None:
        grouped: dict[str, list[tuple[int, int]]] = {}
        names = ours.groups
        for mine, other in shared:
            grouped.setdefault(names[mine], []).append((mine, other))
        groups = tuple(
            Group(tuple(mine for mine, _ in rows), tuple(other for _, other in rows))
            for rows in grouped.values()
        )
        return Pairing("id", groups, len(ours) - len(shared), len(theirs) - len(shared), None)
    here, there = _by_question(ours.questions), _by_question(theirs.questions)
    groups = tuple(Group(rows, there[question]) for question, rows in here.items() if question in there)
    return Pairing(
        "question" if groups else None,
        groups,
        len(ours) - sum(len(group.ours) for group in groups),
        len(theirs) - sum(len(group.theirs) for group in groups),
        clash,
    )


def _shared_ids(ours: ScoreFile, theirs: ScoreFile) -> tuple[list[tuple[int, int]], str | None]:
    """Rows with one id in both files, and the first such id whose questions differ."""
    if ours.ids is None or theirs.ids is None:
        return [], None
    places = {name: row for row, name in enumerate(theirs.ids)}
    shared = [(row, places[name]) for row, name in enumerate(ours.ids) if name in places]
    for mine, other in shared:
        here, there = ours.questions[mine], theirs.questions[other]
        if here is not None and there is not None and here != there:
            return shared, ours.ids[mine]
    return shared, None


def _by_question(questions: Sequence[str | None]) -> dict[str, tuple[int, ...]]:
    rows: dict[str, list[int]] = {}
    for row, question in enumerate(questions):
        if question is not None:
            rows.setdefault(question, []).append(row)
    return {question: tuple(at) for question, at in rows.items()}
