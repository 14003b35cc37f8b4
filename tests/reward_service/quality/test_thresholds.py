"""Thresholds from evidence: they part honest answers from attacked ones where that can be done."""

from __future__ import annotations

import numpy as np

from reward_service.quality.thresholds import Evidence, choose_sentence_threshold, choose_thresholds


def evidence(answers: list[tuple[str, float, float]], claims: int = 4) -> Evidence:
    """Answers of a kind whose claims all have the same P(entailment) and P(contradiction)."""
    return Evidence(
        entailment=np.repeat([entailed for _, entailed, _ in answers], claims),
        contradiction=np.repeat([against for _, _, against in answers], claims),
        starts=np.arange(len(answers)) * claims,
        kinds=tuple(kind for kind, _, _ in answers),
    )


def test_thresholds_lie_between_honest_and_attacked() -> None:
    found = choose_thresholds(
        evidence(
            [
                ("self", 1.0, 0.0),
                ("paraphrase", 0.55, 0.1),
                ("hollow", 0.35, 0.05),
                ("reversal", 0.1, 0.72),
                ("other", 0.05, 0.3),
            ]
        )
    )
    assert 0.35 < found.claim_entailed <= 0.55
    assert 0.3 < found.claim_contradicted <= 0.72


def test_a_kind_with_many_answers_weighs_no_more_than_one_with_few() -> None:
    few = [("paraphrase", 0.5, 0.1), ("hollow", 0.4, 0.1)]
    many = [*few, *([("hollow", 0.4, 0.1)] * 9)]
    assert choose_thresholds(evidence(few)) == choose_thresholds(evidence(many))


def test_the_sentence_threshold_flags_at_most_the_allowed_share() -> None:
    worst = [number / 100 for number in range(100)]
    threshold = choose_sentence_threshold(worst, allowed=0.02)
    assert sum(value >= threshold for value in worst) == 2
    assert choose_sentence_threshold([0.1, 0.2]) == 0.5
