"""What a policy makes of findings: arithmetic alone, to be done again whenever thresholds change."""

from __future__ import annotations

from collections.abc import Iterable

from reward_service.checks.finding import Finding
from reward_service.checks.policy import Policy, Rule
from shared.schema import Outcome, Reason


def judge(findings: Iterable[Finding], policy: Policy) -> tuple[Outcome, list[Reason]]:
    """The verdict on an answer, and its reasons.

    A finding whose measure reaches the `fail` of its code's rule fails the answer, one that reaches `review`
    wants a person; what reaches neither, or has no rule, is no reason.

    Args:
        findings: of one answer, in any order.
        policy: the thresholds.

    Returns:
        The worst outcome, `pass` without reasons; and the reasons: `fail` before `review`, then in the order
        of the policy's rules, then the larger measure, then the earlier place.
    """
    ranks = {code: rank for rank, code in enumerate(policy.rules)}
    reasons = [
        Reason(
            code=finding.code,
            outcome=outcome,
            message=finding.message,
            span=finding.span,
            measure=finding.measure,
            evidence=dict(finding.evidence),
        )
        for finding in findings
        if (rule := policy.rules.get(finding.code)) is not None
        and (outcome := _outcome(finding.measure, rule)) is not Outcome.PASS
    ]
    reasons.sort(
        key=lambda reason: (
            reason.outcome is not Outcome.FAIL,
            ranks[reason.code],
            -reason.measure,
            reason.span or (0, 0),
        )
    )
    return (reasons[0].outcome if reasons else Outcome.PASS), reasons


def _outcome(measure: float, rule: Rule) -> Outcome:
    if rule.fail is not None and measure >= rule.fail:
        return Outcome.FAIL
    if rule.review is not None and measure >= rule.review:
        return Outcome.REVIEW
    return Outcome.PASS
