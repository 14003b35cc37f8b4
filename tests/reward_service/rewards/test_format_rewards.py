"""The tags of a completion: each case of the two rules."""

from __future__ import annotations

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.match_format_approximately import MatchFormatApproximately
from reward_service.rewards.match_format_exactly import MatchFormatExactly
from reward_service.types import AnnotatedSample, Sample, Verdicts
from shared.completion import split


def sample(text: str) -> AnnotatedSample:
    return AnnotatedSample(Sample("1", "Why?", split(text), None))


@pytest.mark.parametrize(
    ("text", "exactly", "approximately"),
    [
        ("<think>Hm.</think>Because.", 3.0, 1.0),
        ("Hm.</think>Because.", 3.0, 1.0),  # the prompt opened it
        ("<think>Hm.</think>", 0.0, 1.0),  # no answer
        ("<think>Hm.</think>  \n ", 0.0, 1.0),
        ("<think>Hm.", 0.0, -0.5),  # never closed
        ("Because.", 0.0, -2.0),
        ("", 0.0, -2.0),
        ("<think><think>Hm.</think>Because.", 0.0, -0.5),
        ("<think>Hm.</think></think>Because.", 0.0, -0.5),
        ("<think>a</think><think>b</think>Because.", 0.0, -2.0),
        ("</think><think>Because.", 0.0, 1.0),  # the right number in the wrong order
        ("Because. <think>Hm.</think>More.", 0.0, 1.0),  # an answer before the reasoning
        ("<THINK>Hm.</THINK>Because.", 0.0, -2.0),
    ],
)
def test_tags(domain: Domain, text: str, exactly: float, approximately: float) -> None:
    assert MatchFormatExactly(domain).score(sample(text), Verdicts()).score == exactly
    assert MatchFormatApproximately(domain).score(sample(text), Verdicts()).score == approximately


def test_evidence_counts_the_tags(domain: Domain) -> None:
    score = MatchFormatExactly(domain).score(sample("<think>a</think></think>b"), Verdicts())

    assert score.evidence == {
        "open_tags": 1,
        "close_tags": 2,
        "defects": ["several_close"],
        "has_answer": True,
    }
    parts = MatchFormatApproximately(domain).score(sample("</think>b"), Verdicts()).evidence
    assert parts["opened_by_prompt"] is True
    assert parts["parts"] == {"open": 0.5, "close": 0.5}
