"""Findings that need the question, the answer's voice, or the order of its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reward_service.checks.finding import Finding
from reward_service.types import Sample, Score
from shared.completion import split
from tests.reward_service.checks.looking import BODY, FINDERS, STRUCTURE, TOPIC, look, one

FOCUS, COMMITMENT = "focus_reward", "commitment_reward"
AWAY = {"away": [{"sentence": "The owner keeps the rest.", "closeness": 0.1, "start": 43, "end": 68}]}


def valued(
    code: str, value: float, evidence: Mapping[str, Mapping[str, Any]], asked: bool = True
) -> list[Finding]:
    """What a finder finds where every reward has this value; `asked`: the question names a topic."""
    sample = Sample("0", "What is surplus value?", split(BODY), None)
    scores = {name: Score(0.0, value=value, evidence=each) for name, each in evidence.items()}
    topic = {"topics": [{"topic": "surplus value", "share": 1.0}], "share": 1.0} if asked else {}
    return list(FINDERS[code].find(sample, scores | {TOPIC: Score(0.0, evidence=topic)}))


def test_what_is_far_from_the_question_is_a_share_of_the_answer() -> None:
    found = one(valued("adrift", 0.4, {FOCUS: AWAY}))
    assert (found.measure, found.span) == (0.4, (43, 68))
    assert "40 %" in found.message
    assert "The owner keeps the rest." in found.message
    assert valued("adrift", 0.0, {FOCUS: {"away": []}}) == []
    assert valued("adrift", 0.4, {FOCUS: AWAY}, asked=False) == [], "nothing was asked about"


def test_what_is_uttered_and_not_stated_is_a_share_of_the_answer() -> None:
    uttered = {"sentence": BODY, "manner": "denied", "cue": "None of this is true.", "start": 0, "end": 68}
    found = one(valued("uncommitted", 0.9, {COMMITMENT: {"uttered": [uttered]}}))
    assert (found.measure, found.span) == (0.9, (0, 68))
    assert "not stated but denied" in found.message
    assert valued("uncommitted", 0.0, {COMMITMENT: {"uttered": []}}) == []


def test_word_soup_is_told_apart_from_a_mere_lack_of_sentences() -> None:
    soup = {STRUCTURE: {"complete_sentences": 0, "sentences": 1, "word_soup": True}}
    listed = {STRUCTURE: {"complete_sentences": 0, "sentences": 1, "word_soup": False}}
    assert one(look("word_soup", BODY, soup)).measure == 12.0
    assert look("no_sentences", BODY, soup) == []
    assert look("word_soup", BODY, listed) == []
    assert one(look("no_sentences", BODY, listed)).measure == 12.0


def test_an_answer_far_from_the_question_is_unrelated_however_well_it_is_written() -> None:
    found = one(valued("unrelated", 0.0, {FOCUS: {"closest": 0.2, "away": []}}))
    assert (found.measure, found.span) == (0.8, None)
    assert "0.20" in found.message
    assert one(valued("unrelated", 0.0, {FOCUS: {"closest": -0.1}})).measure == 1.1
    assert valued("unrelated", 0.0, {FOCUS: {"closest": 1.0}}) == []
    assert valued("unrelated", 0.0, {FOCUS: {"away": [], "note": "the answer holds no words"}}) == []
    assert valued("unrelated", 0.0, {FOCUS: {"closest": 0.2}}, asked=False) == [], "nothing was asked about"
