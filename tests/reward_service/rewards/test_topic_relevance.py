"""What a question asks about, and by what an answer takes it up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from reward_service.evidence.topics import family, topics_of
from reward_service.lexicons import Lexicon
from reward_service.models.fakes import FakeEmbedder
from reward_service.rewards.base import Domain
from reward_service.rewards.topic_relevance import TopicRelevance, band
from reward_service.types import Vector

from .conftest import Annotate, ScoreAnswer


class Alike(FakeEmbedder):
    """An embedder to which the given phrases mean nearly the same."""

    def __init__(self, cosine: float, *phrases: str) -> None:
        super().__init__()
        self.cosine, self.phrases = cosine, phrases

    def answer(self, item: str) -> Vector:
        base = np.zeros(self.dimensions, dtype=np.float32)
        if item not in self.phrases:
            return super().answer(item)
        base[0] = 1.0 if item == self.phrases[0] else self.cosine
        base[1] = 0.0 if item == self.phrases[0] else float(np.sqrt(1 - self.cosine**2))
        return base


@pytest.fixture
def reward(domain: Domain) -> TopicRelevance:
    return TopicRelevance(domain)


@pytest.mark.parametrize(
    ("share", "score"),
    [(1.0, 2.0), (0.81, 2.0), (0.8, 1.5), (0.61, 1.5), (0.6, 1.0), (0.41, 1.0), (0.4, 0.0), (0.21, 0.0),
     (0.2, -1.5), (0.0, -1.5)],
)  # fmt: skip
def test_bands(share: float, score: float) -> None:
    assert band(share) == score


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("What is the role of the police in capitalist society?", ["police", "capitalist society"]),
        ("What is surplus-value?", ["surplus-value"]),
        ("How did Lenin explain the export of capital?", ["export of capital"]),
        ("Who was Rosa Luxemburg?", ["Rosa Luxemburg"]),
        ("Explain the difference between wages and wages.", ["wages"]),
        ("What does it mean to resist?", ["resist"]),
        ("What does this mean?", ["mean"]),
        ("?", []),
        ("", []),
    ],
)
def test_topics_of_a_question(
    annotate: Annotate, lexicon: Lexicon, question: str, topics: Sequence[str]
) -> None:
    assert [topic.text for topic in topics_of(annotate(question, "Yes.").question, lexicon)] == topics


@pytest.mark.parametrize(
    ("question", "answer", "by"),
    [
        ("What is the police?", "The police protects the property of the few.", "lemma"),
        ("What is the bourgeoisie?", "The capitalist class owns all the factories.", "equivalence"),
        ("What is revisionism?", "Every revisionist forgets the final goal.", "equivalence"),
        ("What is sectarianism?", "Sectarian groups will not work with others.", "word family"),
        ("What is the New Left Review?", "NLR is a journal that appears in London.", "abbreviation"),
    ],
)
def test_one_topic_covered_by_words(
    reward: TopicRelevance, score_answer: ScoreAnswer, question: str, answer: str, by: str
) -> None:
    score = score_answer(reward, answer, question=question)

    assert score.score == 2.0
    assert [topic["by"] for topic in score.evidence["topics"]] == [by]


def test_each_band_from_text(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    question = "How are rent, bread, war, music and rain related?"

    def of(answer: str) -> float | None:
        return score_answer(reward, answer, question=question).score

    assert of("Rent and bread and war and music and rain are dear.") == 2.0
    assert of("Rent and bread and war and music are dear.") == 1.5
    assert of("Rent and bread and war are dear to the people.") == 1.0
    assert of("Rent and bread are dear to the people.") == 0.0
    assert of("Rent is dear to the people of the town.") == -1.5


def test_the_head_alone_is_half(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "The strategy of chess is old.", question="What is guerrilla strategy?")

    assert score.evidence["topics"][0]["share"] == 0.5
    assert score.score == 1.0


def test_a_part_of_a_term_is_not_the_term(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    score = score_answer(
        reward, "Capital was once called a stock of cattle.", question="What is constant capital?"
    )

    assert score.score == -1.5


def test_off_topic_and_too_short(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    question = "What is the role of the police?"

    assert score_answer(reward, "Sourdough needs flour, water and patience.", question=question).score == -1.5
    assert score_answer(reward, "The police is it.", question=question).score == -1.5
    assert score_answer(reward, "", question=question).score == -1.5


def test_a_close_phrase_covers_a_topic_beside_words(
    reward: TopicRelevance, score_answer: ScoreAnswer
) -> None:
    alike = Alike(0.7, "police", "armed patrols")
    answer = "Armed patrols guard the harbour. The armed patrols keep strikes down."
    score = score_answer(reward, answer, question="How do the police break strikes?", embedder=alike)
    by = {topic["topic"]: topic["by"] for topic in score.evidence["topics"]}

    assert by == {"police": "embedding", "strikes": "lemma"}
    assert score.score == 2.0


def test_embeddings_alone_do_not_pass_an_off_topic_answer(
    reward: TopicRelevance, score_answer: ScoreAnswer
) -> None:
    alike = Alike(0.9, "police", "wild cats")
    score = score_answer(reward, "We saw wild cats at night.", question="Who are the police?", embedder=alike)

    assert score.evidence["covered_by_words"] is False
    assert score.score == 1.0  # half at most, however close


def test_a_name_is_covered_by_itself_alone(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    alike = Alike(0.9, "France", "Germany")
    score = score_answer(
        reward, "Germany was a late industrial power.", question="What about France?", embedder=alike
    )

    assert score.score == -1.5


def test_a_question_without_content_is_unscorable(reward: TopicRelevance, score_answer: ScoreAnswer) -> None:
    score = score_answer(reward, "The police guards property.", question="???")

    assert score.score is None
    assert score.reason == "the question names no topic"


@pytest.mark.parametrize(
    ("one", "other"),
    [("revisionist", "revisionism"), ("fascist", "fascism"), ("organisation", "organise")],
)
def test_families(one: str, other: str) -> None:
    assert family(one) == family(other)


def test_short_words_are_no_family() -> None:
    assert family("state") == "state"
    assert family("worker") != family("work")


@pytest.mark.parametrize(("cosine", "score"), [(0.66, 1.0), (0.5, 0.0), (0.4, -1.5)])
def test_a_sentence_close_to_the_question_is_not_off_topic(
    reward: TopicRelevance, score_answer: ScoreAnswer, cosine: float, score: float
) -> None:
    question = "What does Marx mean by commodity fetishism?"
    answer = "Relations between people come to look like relations between their products."
    result = score_answer(reward, answer, question=question, embedder=Alike(cosine, question, answer))
    assert result.score == score
    assert result.evidence["closest_sentence"] == answer
