"""How much of an answer bears on the reference."""

from __future__ import annotations

import numpy as np
import pytest

from reward_service.evidence.bearing import ALL_FROM, BEARS, NONE_BELOW, bearing
from reward_service.models.fakes import FakeAnnotator
from reward_service.types import AnnotatedSample, Sample
from shared.completion import split

CLAIM = "The state serves one class."
USEFUL = ["One class has the state.", "States serve their masters well."]
IDLE = ["Opinions on this may differ.", "Much has been written here."]  # five words each, as the useful ones


def sample(
    sentences: list[str], question: str = "", cosines: dict[str, float] | None = None
) -> AnnotatedSample:
    answer = " ".join(sentences)
    cosines = cosines or dict.fromkeys(USEFUL, BEARS) | dict.fromkeys(IDLE, BEARS - 0.01)
    vectors = {CLAIM: np.array([1.0, 0.0], dtype=np.float32)}
    for text in sentences:
        cosine = cosines[text]
        vectors[text] = np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32)
    if question:
        vectors[question] = vectors[IDLE[0]]
    annotator = FakeAnnotator()
    return AnnotatedSample(
        Sample("a", question, split(answer), CLAIM),
        answer=annotator.answer(answer),
        reference=annotator.answer(CLAIM),
        vectors=vectors,
    )


@pytest.mark.parametrize(
    ("sentences", "share"),
    [(USEFUL, 1.0), ([*USEFUL, IDLE[0]], 2 / 3), ([USEFUL[0], IDLE[0]], 0.5), (IDLE, 0.0)],
)
def test_the_share_is_of_words_in_sentences_that_bear_on_a_claim(sentences: list[str], share: float) -> None:
    found = bearing(sample(sentences))
    assert found.share == pytest.approx(share)
    assert found.weight == pytest.approx(min(1.0, max(0.0, (share - NONE_BELOW) / (ALL_FROM - NONE_BELOW))))
    assert found.idle == tuple(text for text in sentences if text in IDLE)


def test_what_answers_the_question_bears_too() -> None:
    assert bearing(sample([USEFUL[0], IDLE[0]], question="What do people think?")).share == 1.0


def test_a_repeated_sentence_bears_once() -> None:
    assert bearing(sample([USEFUL[0], USEFUL[0]])).share == 0.5


def test_no_words_bear_on_nothing() -> None:
    assert bearing(sample(["…"], cosines={"…": 0.0})) == (0.0, 0.0, ())
