"""Always zero, and a log of what came by that never floods."""

from __future__ import annotations

import logging

import pytest

from reward_service.rewards.base import Domain
from reward_service.rewards.debug_print import MAX_CHARS, DebugPrint, shorten
from reward_service.types import AnnotatedSample, Sample, Score, ScoredSample, Verdicts
from shared.completion import split

LOGGER = "reward_service.rewards.debug_print"


def scored(name: str, answer: str = "Labour.", **scores: Score) -> ScoredSample:
    return ScoredSample(Sample(name, "What is value?", split(answer), None), scores)


@pytest.mark.parametrize("reference", [None, "Labour."])
def test_it_is_always_zero(domain: Domain, reference: str | None) -> None:
    sample = AnnotatedSample(Sample("a", "", split("anything"), reference))
    assert DebugPrint(domain).score(sample, Verdicts()).score == 0.0


def test_the_first_samples_of_a_batch_are_logged(domain: Domain, caplog: pytest.LogCaptureFixture) -> None:
    batch = [
        scored(
            "one",
            "<think>hm</think>Labour.",
            topic=Score(1.5),
            nli=Score.unscorable("no reference was given"),
        ),
        scored("two"),
        scored("three"),
    ]
    with caplog.at_level(logging.INFO, LOGGER):
        DebugPrint(domain).observe(batch)
    assert [record.levelno for record in caplog.records] == [logging.INFO, logging.INFO]
    first = caplog.records[0].getMessage()
    assert first.splitlines() == [
        "sample 1 of 3, id one",
        "  question: What is value?",
        "  answer: Labour.",
        "  scores: nli=none topic=1.500",
    ]
    assert "three" not in caplog.text


def test_an_empty_batch_logs_nothing(domain: Domain, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        DebugPrint(domain).observe([])
    assert not caplog.records


def test_a_long_text_ends_in_an_ellipsis_that_says_how_much_is_left_out(
    domain: Domain, caplog: pytest.LogCaptureFixture
) -> None:
    assert shorten("x" * MAX_CHARS) == "x" * MAX_CHARS
    assert shorten("x" * (MAX_CHARS + 7)) == "x" * MAX_CHARS + "… [+7 characters]"
    assert shorten("one\n two\t three") == "one two three"
    with caplog.at_level(logging.INFO, LOGGER):
        DebugPrint(domain).observe([scored("y" * 9000, "z" * 9000)])
    assert len(caplog.text) < 3 * MAX_CHARS
