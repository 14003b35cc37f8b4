"""An audit from top to bottom: questions → answers → scores → figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reward_service.audit.answers import Answer, make_answers
from reward_service.audit.catalogue import HONEST_FIRST, attack_makers, honest_makers
from reward_service.audit.compare import Duel, compare_attack, compare_honest, distribution
from reward_service.audit.groups import Graded, graded_groups, usefulness
from reward_service.audit.maker import Maker, Source
from reward_service.audit.scoring import CONTRADICTION_SCORES, Asked, evidence_of, score_all
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
    honest, attacks = honest_makers(), attack_makers()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        reading = progress.add_task("reading (questions)", total=len(audit.questions))
        read = sources(
            audit.questions, readers, lexicon, audit.seed, lambda count: progress.advance(reading, count)
        )
        answers = make_answers(read, honest, attacks, audit.seed)
        groups = graded_groups(read, audit.seed)
        graded = [item for group in groups for item in group]
        asked = [
            *(_asked(read[answer.question], answer.text) for answer in answers),
            *(_asked(read[item.question], item.text) for item in graded),
        ]
        # Question by question, so that what they share is computed once and found in the cache.
        order = sorted(range(len(asked)), key=lambda index: asked[index].question)
        scoring = progress.add_task("scoring (answers)", total=len(asked))
        flags = [name for name in CONTRADICTION_SCORES if name in ranges]
        names = list(dict.fromkeys([*audit.rewards, *flags]))
        scored = score_all(
            [asked[index] for index in order], names, backend, lambda count: progress.advance(scoring, count)
        )
    scores: dict[str, list[float | None]] = {name: [None] * len(asked) for name in names}
    for name, found in scored.scores.items():
        for index, score in zip(order, found, strict=True):
            scores[name][index] = score
    makers = [maker.name for maker in honest]
    with console.status("looking at the worst examples …"):
        rewards = {
            name: _reward(name, ranges[name], scores[name], read, answers, groups, makers, attacks, backend)
            for name in audit.rewards
        }
    return {
        "schema": SCHEMA,
        "fingerprint": scored.fingerprint,
        "answers": len(asked),
        "honest": _described(honest, answers),
        "attacks": _described(attacks, answers),
        "rewards": rewards,
        "false_contradictions": {
            name: _false_contradictions(name, read, answers, scores[name]) for name in flags
        },
    }


def _ranges(rewards: Sequence[str], backend: Backend) -> dict[str, tuple[float, float]]:
    known = {info.name: (info.low, info.high) for info in backend.rewards()}
    for index, name in enumerate(rewards):
        if name not in known:
            raise UnknownReward(
                f"no reward is named {name!r}; there are {', '.join(known)}", where=f"rewards.{index}"
            )
    return known


def _asked(source: Source, text: str) -> Asked:
    return Asked(source.question, source.reference, text)


def _described(makers: Sequence[Maker], answers: Sequence[Answer]) -> dict[str, dict[str, Any]]:
    made = [answer.maker for answer in answers]
    return {
        maker.name: {"doc": maker.doc, "family": maker.family, "made": made.count(maker.name)}
        for maker in makers
    }


def _reward(
    name: str,
    span: tuple[float, float],
    scores: Sequence[float | None],
    read: Sequence[Source],
    answers: Sequence[Answer],
    groups: Sequence[Sequence[Graded]],
    honest: Sequence[str],
    attacks: Sequence[Maker],
    backend: Backend,
) -> dict[str, Any]:
    """All figures of one reward; ``scores`` are of the answers and then of the groups' members."""
    low, high = span
    own, rest = scores[: len(answers)], scores[len(answers) :]
    compared = {maker.name: compare_attack(answers, own, honest, maker.name) for maker in attacks}
    table, top_third = compare_honest(answers, own, honest, low, high)
    rates = {attack: figures["win_rate"] for attack, (figures, _) in compared.items()}
    known = {attack: rate for attack, rate in rates.items() if rate is not None}
    least = min(known, key=lambda attack: known[attack], default=None)
    ends = [0]
    for group in groups:
        ends.append(ends[-1] + len(group))
    graded = [
        list(zip(group, rest[a:b], strict=True)) for group, (a, b) in zip(groups, pairwise(ends), strict=True)
    ]
    return {
        "range": [low, high],
        "attacks": {
            attack: figures | {"worst": _worst(name, worst, read, answers, own, backend)}
            for attack, (figures, worst) in compared.items()
        },
        "mean_win_rate": round(sum(known.values()) / len(known), 4) if known else None,
        "least_win_rate": None if least is None else known[least],
        "least_attack": least,
        "honest": table,
        "top_third": top_third,
        "distribution": distribution(answers, own, [*honest, *compared], low, high),
        "groups": usefulness(graded, low, high),
    }


def _worst(
    reward: str,
    worst: Sequence[Duel],
    read: Sequence[Source],
    answers: Sequence[Answer],
    scores: Sequence[float | None],
    backend: Backend,
) -> list[dict[str, Any]]:
    """The worst duels; those that were lost come with their evidence."""
    found = []
    for duel in worst:
        honest, attack = answers[duel.honest], answers[duel.attack]
        source = read[attack.question]
        evidence = None
        if duel.margin <= 0:
            pair = [_asked(source, answer.text) for answer in (honest, attack)]
            evidence = dict(zip(("honest", "attack"), evidence_of(pair, reward, backend), strict=True))
        found.append(
            {
                "question": source.question,
                "margin": round(duel.margin, 4),
                "honest": {"name": honest.maker, "text": honest.text, "score": scores[duel.honest]},
                "attack": {"text": attack.text, "score": scores[duel.attack]},
                "evidence": evidence,
            }
        )
    return found


def _false_contradictions(
    name: str, read: Sequence[Source], answers: Sequence[Answer], scores: Sequence[float | None]
) -> dict[str, Any]:
    """How often a reference or its paraphrase is called a contradiction."""
    judged = [
        (answer, score)
        for answer, score in zip(answers, scores, strict=False)
        if answer.maker in FALSE_CONTRADICTION_OF and score is not None
    ]
    wrong = [answer for answer, score in judged if score <= CONTRADICTION_SCORES[name]]
    return {
        "n": len(judged),
        "found": len(wrong),
        "share": round(len(wrong) / len(judged), 4) if judged else None,
        "examples": [
            {"question": read[answer.question].question, "honest": answer.maker, "text": answer.text}
            for answer in wrong[:_EXAMPLES]
        ],
    }
