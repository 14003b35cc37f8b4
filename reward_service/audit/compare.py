"""How often honest answers win against attacks on the same question, and by how much.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from reward_service.audit.answers import Answer

BINS = 30
WORST = 3
TOP = 1 / 3
"""The upper part of a range in which an honest answer should end."""

Scores = Sequence[float | None]
"""One score for each answer, in order; None where it could not be scored."""


@dataclass(frozen=True, slots=True)
class Duel:
    """An honest answer beside an attack on the same question, by their indices."""

    honest: int
    attack: int
    margin: float
    """Score of the honest one less that of the attack; it wins where this is over zero."""


def duels(answers: Sequence[Answer], scores: Scores, honest: Sequence[str], attack: str) -> list[Duel]:
    """Every honest answer against the attack, question by question, where both could be scored."""
    attacks = {answer.question: index for index, answer in enumerate(answers) if answer.maker == attack}
    found = []
    for index, answer in enumerate(answers):
        other = attacks.get(answer.question)
        if answer.maker not in honest or other is None:
            continue
        good, bad = scores[index], scores[other]
        if good is not None and bad is not None:
            found.append(Duel(index, other, good - bad))
    return found


def compare_attack(
    answers: Sequence[Answer], scores: Scores, honest: Sequence[str], attack: str
) -> tuple[dict[str, Any], list[Duel]]:
    """The figures of one attack under one reward, and its worst duels, each of another question."""
    fought = duels(answers, scores, honest, attack)
    attacked = {answer.question for answer in answers if answer.maker == attack}
    possible = sum(answer.maker in honest and answer.question in attacked for answer in answers)
    margins = np.array([duel.margin for duel in fought])
    by_honest: dict[str, float | None] = {}
    for name in honest:
        mine = [duel.margin > 0 for duel in fought if answers[duel.honest].maker == name]
        by_honest[name] = round(sum(mine) / len(mine), 4) if mine else None
    figures = {
        "pairs": len(fought),
        "wins": int((margins > 0).sum()),
        "ties": int((margins == 0).sum()),
        "win_rate": round(float((margins > 0).mean()), 4) if fought else None,
        "margin": _margin(margins) if fought else None,
        "by_honest": by_honest,
        "unscored": possible - len(fought),
    }
    worst: dict[int, Duel] = {}
    for duel in sorted(fought, key=lambda duel: duel.margin):
        worst.setdefault(answers[duel.attack].question, duel)
    return figures, list(worst.values())[:WORST]


def _margin(margins: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {
        "mean": round(float(margins.mean()), 4),
        "median": round(float(np.median(margins)), 4),
        "p5": round(float(np.quantile(margins, 0.05)), 4),
    }


def compare_honest(
    answers: Sequence[Answer], scores: Scores, honest: Sequence[str], low: float, high: float
) -> tuple[dict[str, dict[str, Any]], float | None]:
    """Each honest variant's figures, and the share of all honest answers in the top third of the range."""
    least = high - TOP * (high - low)
    table: dict[str, dict[str, Any]] = {}
    everything: list[float] = []
    for name in honest:
        mine = [
            score
            for answer, score in zip(answers, scores, strict=True)
            if answer.maker == name and score is not None
        ]
        everything.extend(mine)
        if mine:
            table[name] = {
                "n": len(mine),
                "mean": round(fmean(mine), 4),
                "std": round(pstdev(mine), 4),
                "top_third": round(sum(score >= least for score in mine) / len(mine), 4),
            }
    top = sum(score >= least for score in everything) / len(everything) if everything else None
    return table, None if top is None else round(top, 4)


def distribution(
    answers: Sequence[Answer], scores: Scores, makers: Sequence[str], low: float, high: float
) -> dict[str, Any]:
    """Histograms of the scores over the range, one for each maker."""
    edges = np.linspace(low, high, BINS + 1)
    counts: Mapping[str, list[int]] = {
        name: np.histogram(
            np.clip(
                [s for a, s in zip(answers, scores, strict=True) if a.maker == name and s is not None],
                low,
                high,
            ),
            edges,
        )[0].tolist()
        for name in makers
    }
    return {"edges": [round(float(edge), 4) for edge in edges], "counts": counts}
