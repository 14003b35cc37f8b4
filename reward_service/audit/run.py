"""An audit from top to bottom: questions → answers → scores → figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reward_service.audit.answers import Answer, make_answers
from reward_service.audit.catalogue import HONEST_FIRST, attack_makers, honest_makers
from reward_service.audit.compare import Duel, Scores, compare_attack, compare_honest, distribution
from reward_service.audit.groups import Graded, graded_groups, usefulness
from reward_service.audit.maker import Maker, Source
from reward_service.audit.scoring import CONTRADICTION_SCORES, Asked, Scored, evidence_of, score_all
from reward_service.audit.sources import Readers, sources
from reward_service.commands.backend import Backend
from reward_service.errors import UnknownReward
from reward_service.lexicons import Lexicon
from reward_service.quality.answers import Question

SCHEMA = 1
FALSE_CONTRADICTION_OF = (HONEST_FIRST, "paraphrase")
"""Honest answers of which a verdict of contradiction is false by all means."""
_EXAMPLES = 5


@dataclass(frozen=True)
class Audit:
    """What is audited, on what."""

    questions: Sequence[Question]
    rewards: tuple[str, ...]
    seed: int


def families() -> dict[str, str]:
    """Attack → its family."""
    return {maker.name: maker.family for maker in attack_makers()}


def run_audit(
    audit: Audit, backend: Backend, readers: Readers, lexicon: Lexicon, console: Console
) -> dict[str, Any]:
    """The figures of an audit, as `audit.json` holds them but for `made` and `requirements`.

    Raises:
        UnknownReward: what scores has no such reward.
        RequestError: fewer than two questions, or a text that is longer than what scores takes.
    """
    ranges = _ranges(audit.rewards, backend)
    flags = [name for name in CONTRADICTION_SCORES if name in ranges]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        reading = progress.add_task("reading (questions)", total=len(audit.questions))
        read = sources(
            audit.questions, readers, lexicon, audit.seed, lambda count: progress.advance(reading, count)
        )
        sheet = _sheet(read, audit.seed)
        scoring = progress.add_task("scoring (answers)", total=len(sheet.asked))
        scored = _score(
            sheet.asked,
            list(dict.fromkeys([*audit.rewards, *flags])),
            backend,
            lambda count: progress.advance(scoring, count),
        )
    with console.status("looking at the worst examples …"):
        rewards = {
            name: _reward(name, ranges[name], scored.scores[name], sheet, backend) for name in audit.rewards
        }
    return {
        "schema": SCHEMA,
        "fingerprint": scored.fingerprint,
        "answers": len(sheet.asked),
        "honest": _described(sheet.honest, sheet.answers),
        "attacks": _described(sheet.attacks, sheet.answers),
        "rewards": rewards,
        "false_contradictions": {
            name: _false_contradictions(name, sheet, scored.scores[name]) for name in flags
        },
    }


@dataclass(frozen=True)
class _Sheet:
    """What is scored: the makers' answers, and the members of the groups behind them."""

    read: Sequence[Source]
    honest: Sequence[Maker]
    attacks: Sequence[Maker]
    answers: Sequence[Answer]
    groups: Sequence[Sequence[Graded]]

    @cached_property
    def asked(self) -> list[Asked]:
        """Every completion: the answers, then the members of the groups."""
        graded = (item for group in self.groups for item in group)
        items: list[Answer | Graded] = [*self.answers, *graded]
        return [self.ask(item.question, item.text) for item in items]

    def ask(self, question: int, text: str) -> Asked:
        source = self.read[question]
        return Asked(source.question, source.reference, text)

    def graded(self, scores: Scores) -> list[list[tuple[Graded, float | None]]]:
        """The groups with their scores, from the scores of everything."""
        rest = iter(scores[len(self.answers) :])
        return [[(item, next(rest)) for item in group] for group in self.groups]


def _sheet(read: Sequence[Source], seed: int) -> _Sheet:
    honest, attacks = honest_makers(), attack_makers()
    return _Sheet(read, honest, attacks, make_answers(read, honest, attacks, seed), graded_groups(read, seed))


def _ranges(rewards: Sequence[str], backend: Backend) -> dict[str, tuple[float, float]]:
    known = {info.name: (info.low, info.high) for info in backend.rewards()}
    for index, name in enumerate(rewards):
        if name not in known:
            raise UnknownReward(
                f"no reward is named {name!r}; there are {', '.join(known)}", where=f"rewards.{index}"
            )
    return known


def _score(
    asked: Sequence[Asked], rewards: Sequence[str], backend: Backend, advance: Callable[[int], None]
) -> Scored:
    """Score everything question by question, so that what they share is computed once; in the order given."""
    order = sorted(range(len(asked)), key=lambda index: asked[index].question)
    found = score_all([asked[index] for index in order], rewards, backend, advance)
    places = np.argsort(order)
    scores = {name: [values[place] for place in places] for name, values in found.scores.items()}
    return Scored(scores, found.fingerprint)


def _described(makers: Sequence[Maker], answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    made = Counter(answer.maker for answer in answers)
    return {
        maker.name: {"doc": maker.doc, "family": maker.family, "made": made[maker.name]} for maker in makers
    }


def _reward(
    name: str, span: tuple[float, float], scores: Scores, sheet: _Sheet, backend: Backend
) -> dict[str, Any]:
    """All figures of one reward, from the scores of everything that was asked."""
    low, high = span
    own, honest = scores[: len(sheet.answers)], [maker.name for maker in sheet.honest]
    attacks = [maker.name for maker in sheet.attacks]
    compared = {attack: compare_attack(sheet.answers, own, honest, attack) for attack in attacks}
    table, top_third = compare_honest(sheet.answers, own, honest, low, high)
    rates = {attack: figures["win_rate"] for attack, (figures, _) in compared.items()}
    known = {attack: rate for attack, rate in rates.items() if rate is not None}
    least = min(known, key=lambda attack: known[attack], default=None)
    return {
        "range": [low, high],
        "attacks": {
            attack: figures | {"worst": _worst(name, worst, sheet, own, backend)}
            for attack, (figures, worst) in compared.items()
        },
        "mean_win_rate": round(fmean(known.values()), 4) if known else None,
        "least_win_rate": None if least is None else known[least],
        "least_attack": least,
        "honest": table,
        "top_third": top_third,
        "distribution": distribution(sheet.answers, own, [*honest, *attacks], low, high),
        "groups": usefulness(sheet.graded(scores), low, high),
    }


def _worst(
    reward: str, worst: Sequence[Duel], sheet: _Sheet, scores: Scores, backend: Backend
) -> list[dict[str, Any]]:
    """The worst duels; those that were lost come with their evidence."""
    found = []
    for duel in worst:
        honest, attack = sheet.answers[duel.honest], sheet.answers[duel.attack]
        evidence = None
        if duel.margin <= 0:
            pair = [sheet.ask(answer.question, answer.text) for answer in (honest, attack)]
            evidence = dict(zip(("honest", "attack"), evidence_of(pair, reward, backend), strict=True))
        found.append(
            {
                "question": sheet.read[attack.question].question,
                "margin": round(duel.margin, 4),
                "honest": {"name": honest.maker, "text": honest.text, "score": scores[duel.honest]},
                "attack": {"text": attack.text, "score": scores[duel.attack]},
                "evidence": evidence,
            }
        )
    return found


def _false_contradictions(name: str, sheet: _Sheet, scores: Scores) -> dict[str, Any]:
    """How often a reference or its paraphrase is called a contradiction."""
    judged = [
        (answer, score)
        for answer, score in zip(sheet.answers, scores, strict=False)  # behind them stand the groups' scores
        if answer.maker in FALSE_CONTRADICTION_OF and score is not None
    ]
    wrong = [answer for answer, score in judged if score <= CONTRADICTION_SCORES[name]]
    return {
        "n": len(judged),
        "found": len(wrong),
        "share": round(len(wrong) / len(judged), 4) if judged else None,
        "examples": [
            {"question": sheet.read[answer.question].question, "honest": answer.maker, "text": answer.text}
            for answer in wrong[:_EXAMPLES]
        ],
    }
