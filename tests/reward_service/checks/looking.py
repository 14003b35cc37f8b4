"""How tests of finders look at an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reward_service.checks.finders import discover
from reward_service.checks.finding import Finding
from reward_service.evidence.degeneration import degeneration
from reward_service.types import Sample, Score
from shared.completion import split

FINDERS = discover()
BODY = "Workers create more value than their wage. The owner keeps the rest."
DEGENERATION, TOPIC = "degeneration_reward", "topic_relevance_reward"
CONSISTENCY, STRUCTURE = "self_consistency_reward", "structural_coherence_reward"
DEPTH, FAITHFULNESS = "interconnection_depth_reward", "faithfulness_reward"


def look(
    code: str, completion: str, evidence: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Finding]:
    """What one finder finds in a completion, by the evidence of rewards."""
    sample = Sample("0", "What is surplus value?", split(completion), None)
    scores = {name: Score(0.0, evidence=each) for name, each in (evidence or {}).items()}
    return list(FINDERS[code].find(sample, scores))


def broken(completion: str) -> dict[str, Mapping[str, Any]]:
    """The evidence of the real degeneration reward."""
    sample = Sample("0", "", split(completion), None)
    return {DEGENERATION: degeneration(sample).evidence()}


def one(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]
