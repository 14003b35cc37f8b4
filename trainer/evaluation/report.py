"""Answers and scores → what `report.json` holds; console and page show it."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.completion import split
from trainer.evaluation.answers import Answer
from trainer.evaluation.form import form_of
from trainer.evaluation.naming import Named
from trainer.evaluation.questions import Question
from trainer.evaluation.scoring import Pair, Scored, layers_said, parts_of
from trainer.evaluation.statistics import Scores, by_question, compare, estimate

SCHEMA = 1
FEW = 20
"""Questions under which a bootstrap's interval is too narrow to be trusted."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A policy with its answers, by question in the order of the questions."""

    named: Named
    answers: Sequence[Sequence[Answer]]

    @property
    def all(self) -> list[Answer]:
        """Every answer."""
        return [answer for answers in self.answers for answer in answers]


@dataclass(frozen=True, slots=True)
class Draws:
    """How intervals are drawn."""

    resamples: int
    seed: int


def make_report(
    questions: Sequence[Question],
    policies: Sequence[Answered],
    scores: Mapping[str, Scored],
    rewards: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
    draws: Draws,
    made: Mapping[str, Any],
) -> dict[str, Any]:
    """All that the evaluation found.

    Args:
        questions: what was asked.
        policies: the policy first, then what it is compared with.
        scores: by item, of every answer.
        rewards: which rewards were asked for.
        ranges: reward → its lowest and highest score.
        draws: of the intervals.
        made: how it was made; goes in as it is.

    Returns:
        `schema`, `made`, `policies` (with their form), `rewards` and `parts` (by name: means, differences and
        win rates), `questions` (every answer with its scores and layers).  What can't be said is None.
    """
    tables = _tables(questions, policies, scores, rewards)
    names = [policy.named.spelling for policy in policies]
    parts = [name for name in tables if name not in rewards]
    found = {
        name: {
            "range": list(ranges[name]) if name in ranges else None,
            **_figures(tables[name], names, draws),
        }
        for name in (*rewards, *parts)
    }
    for name in rewards:
        for policy in policies:
            found[name]["policies"][policy.named.spelling] |= _unscored(policy, questions, scores, name)
    return {
        "schema": SCHEMA,
        "made": {**made, "few": len(questions) < FEW},
        "policies": [
            {
                "letter": letter(place),
                "name": policy.named.spelling,
                "kind": policy.named.kind,
                "model": policy.named.name,
                "adapter": None if policy.named.adapter is None else str(policy.named.adapter),
                "url": policy.named.url,
                "form": form_of(policy.all),
            }
            for place, policy in enumerate(policies)
        ],
        "rewards": {name: found[name] for name in rewards},
        "parts": {name: found[name] for name in parts},
        "questions": [
            _question(question, place, policies, scores, tables, rewards)
            for place, question in enumerate(questions)
        ],
    }


def letter(place: int) -> str:
    """What a policy is called in the tables: A is the evaluated one, then B … Z, B1 …"""
    letters = string.ascii_uppercase
    return letters[place] if place < len(letters) else f"{letters[place % 25 + 1]}{place // 25}"


Tables = Mapping[str, Mapping[str, Scores]]
"""Reward or part → policy → question → the scores of its answers."""


def _tables(
    questions: Sequence[Question],
    policies: Sequence[Answered],
    scores: Mapping[str, Scored],
    rewards: Sequence[str],
) -> Tables:
    tables: dict[str, dict[str, dict[str, list[float | None]]]] = {}
    for policy in policies:
        for question, answers in zip(questions, policy.answers, strict=True):
            for answer in answers:
                scored = scores[Pair(question, answer).item]
                for name, score in {
                    **{name: scored.rewards[name] for name in rewards},
                    **parts_of(scored, rewards),
                }.items():
                    of_policy = tables.setdefault(name, {}).setdefault(policy.named.spelling, {})
                    of_policy.setdefault(question.key, []).append(score)
    return tables


def _figures(table: Mapping[str, Scores], names: Sequence[str], draws: Draws) -> dict[str, Any]:
    first, *others = names
    options = {"resamples": draws.resamples, "seed": draws.seed}
    return {
        "policies": {
            name: asdict(estimate(list(by_question(table.get(name, {})).values()), **options))
            for name in names
        },
        "against": {
            other: asdict(compare(table.get(first, {}), table.get(other, {}), **options)) for other in others
        },
    }


def _unscored(
    policy: Answered, questions: Sequence[Question], scores: Mapping[str, Scored], reward: str
) -> dict[str, Any]:
    """How many answers have no score, and why."""
    all_scored = [
        scores[Pair(question, answer).item]
        for question, answers in zip(questions, policy.answers, strict=True)
        for answer in answers
    ]
    reasons = Counter(
        scored.unscorable.get(reward, "the server gave no reason")
        for scored in all_scored
        if scored.rewards[reward] is None
    )
    return {
        "answers": len(all_scored),
        "unscored": reasons.total(),
        "reasons": dict(reasons.most_common()),
    }


def _question(
    question: Question,
    place: int,
    policies: Sequence[Answered],
    scores: Mapping[str, Scored],
    tables: Tables,
    rewards: Sequence[str],
) -> dict[str, Any]:
    means = {
        name: {
            policy.named.spelling: by_question(tables[name][policy.named.spelling]).get(question.key)
            for policy in policies
        }
        for name in rewards
    }
    return {
        "line": question.line,
        "question": question.text,
        "reference": question.reference,
        "means": means,
        "answers": {
            policy.named.spelling: [
                _answer(answer, scores[Pair(question, answer).item], rewards)
                for answer in policy.answers[place]
            ]
            for policy in policies
        },
    }


def _answer(answer: Answer, scored: Scored, rewards: Sequence[str]) -> dict[str, Any]:
    part = split(answer.text)
    return {
        "text": answer.text,
        "words": len(part.answer.split()),
        "cut_off": answer.cut_off,
        "tokens": answer.tokens,
        "seconds": answer.seconds,
        "rewards": {name: scored.rewards[name] for name in rewards},
        "unscorable": {name: why for name, why in scored.unscorable.items() if name in rewards},
        "layers": layers_said(scored),
    }
