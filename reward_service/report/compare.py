"""One file against the baseline under one reward, question by question.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reward_service.report.describe import BINS, histogram, mean_of, rounded
from reward_service.report.pairing import Group, Pairing
from reward_service.report.scores import ScoreFile
from reward_service.report.statistics import EQUAL, FEWEST, Floats, rank_correlation, sign_flip

EXAMPLES = 10
"""Questions that are shown of those that gained most, and of those that lost most."""
ANSWERS = 3
"""Answers of one side that are shown of a question."""


class Side(NamedTuple):
    """The mean of a question on both sides, over the answers that count."""

    ours: float
    theirs: float


@dataclass(frozen=True, slots=True)
class Duel:
    """Two files whose rows are paired."""

    ours: ScoreFile
    theirs: ScoreFile
    """The baseline."""
    pairing: Pairing

    def sides(self, ours: Floats, theirs: Floats) -> list[Side | None]:
        """Each question's means of two columns; None where one side has no value.

        Of rows paired by id, a pair counts only where both have a value, so that both means are over the same
        pairs.
        """
        return [self._side(group, ours, theirs) for group in self.pairing.groups]

    def _side(self, group: Group, ours: Floats, theirs: Floats) -> Side | None:
        mine, other = ours[list(group.ours)], theirs[list(group.theirs)]
        if self.pairing.by == "id":
            both = ~np.isnan(mine) & ~np.isnan(other)
            mine, other = mine[both], other[both]
        mine, other = mine[~np.isnan(mine)], other[~np.isnan(other)]
        return Side(float(mine.mean()), float(other.mean())) if len(mine) and len(other) else None


def compare(duel: Duel, reward: str, seed: int) -> dict[str, Any]:
    """The figures of a comparison: difference = this file − the baseline, over questions that both have a
    score for.

    Args:
        duel: the two files.
        reward: one that both have.
        seed: of the bootstrap and the permutations.
    """
    sides = duel.sides(duel.ours.scores[reward], duel.theirs.scores[reward])
    known = [side for side in sides if side is not None]
    differences = np.array([side.ours - side.theirs for side in known])
    wins, losses = int((differences > EQUAL).sum()), int((differences < -EQUAL).sum())
    tested = sign_flip(differences, seed)
    return {
        "against": duel.theirs.label,
        "paired_by": duel.pairing.by,
        "clashing_id": duel.pairing.clash,
        "matched": len(sides),
        "questions": len(known),
        **_pairs(duel, reward),
        "unpaired": {"ours": duel.pairing.unpaired_ours, "theirs": duel.pairing.unpaired_theirs},
        "means": {
            "ours": rounded(float(np.mean([side.ours for side in known]))) if known else None,
            "theirs": rounded(float(np.mean([side.theirs for side in known]))) if known else None,
        },
        "difference": mean_of(differences, seed),
        "wins": wins,
        "ties": len(known) - wins - losses,
        "losses": losses,
        "test": None
        if tested is None
        else {"p": round(tested.p, 6), "patterns": tested.patterns, "exact": tested.exact},
        "no_test": None if tested else f"{len(known)} questions, {FEWEST} are needed",
        "distribution": _distribution(differences),
        "words": _words(duel, sides),
        "parts": _parts(duel, sides, seed),
        "gained": _examples(duel, reward, sides, lambda gain: gain > EQUAL, -1),
        "lost": _examples(duel, reward, sides, lambda gain: gain < -EQUAL, 1),
    }


def _pairs(duel: Duel, reward: str) -> dict[str, Any]:
    """How many pairs of answers stand behind the figures (None where questions are paired, not answers), and
    how many rows of the matched questions have no score."""
    mine = np.isnan(duel.ours.scores[reward][[row for group in duel.pairing.groups for row in group.ours]])
    other = np.isnan(
        duel.theirs.scores[reward][[row for group in duel.pairing.groups for row in group.theirs]]
    )
    by_id = duel.pairing.by == "id"
    return {
        "pairs": int((~mine & ~other).sum()) if by_id else None,
        "unscored": {"ours": int(mine.sum()), "theirs": int(other.sum())},
    }


def _distribution(differences: Floats) -> dict[str, Any] | None:
    """The histogram of the differences, even on both sides of 0; None where none is other than 0."""
    reach = float(np.abs(differences).max()) if len(differences) else 0.0
    if reach <= EQUAL:
        return None
    edges = np.linspace(-reach, reach, BINS + 2)  # an odd number of bins: one lies around 0
    return {"edges": [round(float(edge), 4) for edge in edges], "counts": histogram(differences, edges)}


def _words(duel: Duel, sides: Sequence[Side | None]) -> dict[str, Any]:
    """How much longer the answers are, and whether those that grew are those that gained."""
    lengths = duel.sides(duel.ours.words, duel.theirs.words)
    both = [
        (length.ours - length.theirs, side.ours - side.theirs)
        for length, side in zip(lengths, sides, strict=True)
        if length is not None and side is not None
    ]
    more = np.array([each for each, _ in both])
    gain = np.array([each for _, each in both])
    return {
        "questions": len(both),
        "mean_difference": rounded(float(more.mean())) if both else None,
        "rank_correlation": rounded(rank_correlation(more, gain)),
    }


def _parts(duel: Duel, sides: Sequence[Side | None], seed: int) -> list[dict[str, Any]]:
    """The parts that both files hold, over the questions of the comparison; what differs most comes first."""
    found = []
    for name in duel.ours.parts.keys() & duel.theirs.parts.keys():
        of_part = duel.sides(duel.ours.parts[name], duel.theirs.parts[name])
        known = [part for part, side in zip(of_part, sides, strict=True) if part and side]
        differences = np.array([part.ours - part.theirs for part in known])
        found.append(
            {
                "part": name,
                "questions": len(known),
                "ours": rounded(float(np.mean([part.ours for part in known]))) if known else None,
                "theirs": rounded(float(np.mean([part.theirs for part in known]))) if known else None,
                **mean_of(differences, seed),
            }
        )
    return sorted(found, key=lambda part: (-abs(part["mean"] or 0.0), part["part"]))


def _examples(
    duel: Duel, reward: str, sides: Sequence[Side | None], counts: Callable[[float], bool], sign: int
) -> list[dict[str, Any]]:
    gains = [
        (side.ours - side.theirs, group)
        for side, group in zip(sides, duel.pairing.groups, strict=True)
        if side is not None and counts(side.ours - side.theirs)
    ]
    gains.sort(key=lambda each: sign * each[0])
    return [
        {
            "question": duel.ours.questions[group.ours[0]],
            "id": duel.ours.ids[group.ours[0]] if duel.ours.ids and len(group.ours) == 1 else None,
            "difference": rounded(gain),
            "ours": _shown(duel.ours, reward, group.ours),
            "theirs": _shown(duel.theirs, reward, group.theirs),
        }
        for gain, group in gains[:EXAMPLES]
    ]


def _shown(file: ScoreFile, reward: str, rows: Sequence[int]) -> dict[str, Any]:
    """The first answers of one side, whole, with their scores and parts."""
    return {
        "answers": [
            {
                "text": file.answers[row],
                "score": _known(file.scores[reward][row]),
                "reason": file.reasons[reward][row],
                "parts": {name: _known(values[row]) for name, values in sorted(file.parts.items())},
            }
            for row in rows[:ANSWERS]
        ],
        "more": max(0, len(rows) - ANSWERS),
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else rounded(value)
