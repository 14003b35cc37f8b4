"""Honest answers and attacks through the live checks: what is found in each, and what policies make of it.

A live check has no reference.  It is tried in both ways that it is used: without passages, and with passages
as a retriever gives them: the reference (which the chatbot's answer should rest on), between the answers to
the closest and to another question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reward_service.api import convert
from reward_service.audit.answers import Answer
from reward_service.audit.maker import Maker, Source
from reward_service.checks.checker import Checker
from reward_service.checks.finding import Finding
from reward_service.checks.policy import Policy
from reward_service.checks.verdict import judge
from reward_service.commands.backend import Backend
from reward_service.needs import normalised
from reward_service.types import Score
from shared.schema import Detail, ItemResult, Limits, Outcome, ScoreItem

CHUNK = 32
"""Answers of one request: evidence is large."""
SETTINGS = ("without passages", "with passages")


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer and the measures of what was found in it; enough to judge it again under any policy."""

    question: str
    maker: str
    family: str
    honest: bool
    setting: str
    """One of `SETTINGS`."""
    findings: Sequence[tuple[str, float]]
    """Code and measure."""

    def outcome(self, policy: Policy) -> Outcome:
        """The verdict under a policy."""
        return judge((Finding(code, measure, "") for code, measure in self.findings), policy)[0]

    def as_json(self) -> dict[str, Any]:
        """A line of `findings.jsonl`."""
        return asdict(self)


def passages(source: Source) -> list[str]:
    """What a retriever finds for the question: the reference is among it, not first."""
    return [text for text in (source.nearest, source.reference, source.other) if text]


def check_answers(
    read: Sequence[Source],
    answers: Sequence[Answer],
    makers: Mapping[str, tuple[Maker, bool]],
    checker: Checker,
    policy: Policy,
    backend: Backend,
    limits: Limits,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Checked]:
    """What is found in every answer, in both settings.

    Args:
        read: the questions, as `answers` count them.
        answers: honest ones and attacks.
        makers: name → the maker, and whether it is honest.
        checker: the finders.
        policy: names the codes that are looked for; give one with all of them.
        backend: scores.
        limits: of one request.
        advance: is told the number of answers done.

    Raises:
        RequestError, RewardClientError: see `Backend.score`.
    """
    found: list[Checked] = []
    rewards = checker.rewards(policy)
    for setting in SETTINGS:
        for first in range(0, len(answers), CHUNK):
            chunk = answers[first : first + CHUNK]
            items = [_item(answer, read[answer.question], setting) for answer in chunk]
            told = backend.score(items, rewards, Detail.EVIDENCE)
            for answer, item, result in zip(chunk, items, told.results, strict=True):
                maker, honest = makers[answer.maker]
                findings = _look(checker, policy, item, result, limits)
                measures = [(finding.code, round(finding.measure, 6)) for finding in findings]
                question = read[answer.question].question
                found.append(Checked(question, maker.name, maker.family, honest, setting, measures))
            advance(len(chunk))
    return found


def _item(answer: Answer, source: Source, setting: str) -> ScoreItem:
    context = passages(source) if setting == SETTINGS[1] else None
    return ScoreItem(prompt=source.question, completion=answer.text, context=context)


def _look(
    checker: Checker, policy: Policy, item: ScoreItem, result: ItemResult, limits: Limits
) -> list[Finding]:
    sample = normalised(convert.sample(item, result.id, limits, where="items.0"))
    scores = {
        name: Score(layer.score, layer.value, layer.reason, layer.evidence or {})
        for name, layer in (result.layers or {}).items()
    }
    return checker.look(policy, sample, scores)


def shares(checked: Iterable[Checked], policy: Policy) -> dict[str, Any]:
    """How many answers pass, go to review and fail under a policy, each as a share of all; and how many."""
    outcomes = [one.outcome(policy) for one in checked]
    counted = {outcome: sum(found is outcome for found in outcomes) for outcome in Outcome}
    whole = len(outcomes)
    return {"n": whole} | {
        str(outcome): (round(count / whole, 4) if whole else None) for outcome, count in counted.items()
    }


def figures(checked: Sequence[Checked], policy: Policy) -> dict[str, Any]:
    """All figures of a policy: for each setting honest answers and attacks, in all and by maker, and by code
    the share of answers in which its measure reaches the policy's thresholds."""
    told: dict[str, Any] = {}
    for setting in SETTINGS:
        here = [one for one in checked if one.setting == setting]
        told[setting] = {
            side: _side([one for one in here if one.honest is honest], policy)
            for side, honest in (("honest", True), ("attacks", False))
        }
    return told


def _side(checked: Sequence[Checked], policy: Policy) -> dict[str, Any]:
    names = dict.fromkeys((one.family, one.maker) for one in checked)
    return {
        "all": shares(checked, policy),
        "by_maker": {
            maker: {"family": family} | shares([one for one in checked if one.maker == maker], policy)
            for family, maker in names
        },
        "by_code": {
            code: {
                "review": _reached(checked, code, rule.review),
                "fail": _reached(checked, code, rule.fail),
            }
            for code, rule in policy.rules.items()
        },
    }


def _reached(checked: Sequence[Checked], code: str, threshold: float | None) -> float | None:
    """The share of answers with a finding of this code that reaches a threshold; None without one."""
    if threshold is None or not checked:
        return None
    reaching = sum(
        any(found == code and measure >= threshold for found, measure in one.findings) for one in checked
    )
    return round(reaching / len(checked), 4)
