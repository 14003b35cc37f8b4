"""Bands of cosine, short answers and missing references."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reward_service.evidence.claims import NO_REFERENCE
from reward_service.rewards.base import Domain
from reward_service.rewards.semantic_similarity import SemanticSimilarity, band
from reward_service.types import AnnotatedSample, Sample, Score, Verdicts
from shared.completion import split

REFERENCE = "Value is labour."
ANSWER = "Labour makes value."


def scored(domain: Domain, cosine: float, answer: str = ANSWER, reference: str | None = REFERENCE) -> Score:
    vectors = {
        reference or "": np.array([1.0, 0.0], dtype=np.float32),
        answer: np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32),
    }
    sample = AnnotatedSample(Sample("a", "", split(answer), reference), vectors=vectors)
    return SemanticSimilarity(domain).score(sample, Verdicts())


@pytest.mark.parametrize(
    ("cosine", "score"),
    [(1.0, 5), (0.751, 5), (0.75, 3), (0.601, 3), (0.60, 1), (0.451, 1), (0.45, -1), (0.301, -1), (0.30, -3),
     (0.0, -3), (-1.0, -3)],
)  # fmt: skip
def test_each_band_begins_above_its_bound(domain: Domain, cosine: float, score: float) -> None:
    assert band(cosine) == score
    if cosine not in {0.75, 0.60, 0.45, 0.30}:  # single precision puts these on either side
        result = scored(domain, cosine)
        assert result.score == score
        assert result.value == pytest.approx(cosine, abs=1e-6)
        assert result.evidence["cosine"] == result.value


@pytest.mark.parametrize(("answer", "score"), [("", -3.0), ("Nine char", -3.0), ("Ten chars.", 5.0)])
def test_an_answer_under_ten_characters_is_no_answer(domain: Domain, answer: str, score: float) -> None:
    assert scored(domain, 1.0, answer).score == score


@pytest.mark.parametrize("reference", [None, "", " \n\t"])
@pytest.mark.parametrize("answer", [ANSWER, ""])
def test_without_reference_there_is_no_score(domain: Domain, reference: str | None, answer: str) -> None:
    result = scored(domain, 1.0, answer, reference)
    assert (result.score, result.reason) == (None, NO_REFERENCE)


def test_the_reasoning_is_not_read(domain: Domain, annotate: Callable[..., AnnotatedSample]) -> None:
    sample = annotate("", f"<think>{REFERENCE}</think>Bread was dear in Paris.", REFERENCE)
    assert SemanticSimilarity(domain).score(sample, Verdicts()).score == -3.0
