"""The contract that every discovered reward keeps, whatever it measures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest

from reward_service.evidence.faithfulness import NO_CLAIM
from reward_service.lexicons import load_lexicon
from reward_service.models.fakes import FakeNli
from reward_service.rewards import discover, reward_classes
from reward_service.rewards.base import PASSAGE_READS, REFERENCE_READS, Domain, Reads, Reward
from reward_service.types import AnnotatedSample, Pair, Sample, Score, Verdicts
from shared.completion import split

from .conftest import Annotate, VerdictsFor

REWARDS = discover(Domain(load_lexicon("marxist")))
QUESTION = "How does capital exploit the working class?"
REFERENCE = (
    "Capital buys labour power at its value. The worker, however, creates more value than the wage returns. "
    "Marx argued in 1867 that this surplus value is the source of profit."
)
PASSAGES = (REFERENCE, "The state is an instrument of class rule.", "")
THINKING = "<think>Let me see.</think>"
ANSWERS = {
    "honest": THINKING + REFERENCE,
    "paraphrase": "Workers sell their labour power. They produce surplus value in unpaid hours.",
    "contradictory": "Wages rise under capitalism. Wages do not rise under capitalism.",
    "off topic": "The cat sat on the mat, and then it slept for an hour in the sun.",
    "terms": "capital labour value class state revolution imperialism ideology hegemony dialectic",
    "soup": "the of capital and to exploits. labour is which the by of, for value and. The the a of.",
    "repeated": "Capital exploits labour. " * 12,
    "question": QUESTION,
    "only open": "<think>Capital exploits labour and",
    "only close": "thinking</think>Capital exploits labour.",
    "many tags": "<think></think></think><think>",
    "blank": "  \n\t ",
    "one word": "Yes",
    "punctuation": "... ?! -- ;;; “” ''",
    "right to left": "\u202eرأس المال يستغل العمال.\u202c שלום",
    "emoji": "🚩✊🏽 Capital 👩‍👩‍👧 exploits 🇨🇺 labour. 🚩🚩",
    "combining": "Ca\u0301pital e\u0308xploits la\u0327bour\u200b.",
    "quotes": "“Capital exploits labour.” 'It' said: \"yes\"",
    "numbers": "1867 1 2 3 in 1 of 2. (1867) 12345.",
    "lines": "- Capital\n- Labour\n\n\n1. Value\n2. Price",
    "long word": "capital" * 400,
}
EMPTY = {"empty": "", "only tags": "<think></think>", "unclosed": "<think>Capital exploits labour."}
EMPTY_SCORES = {
    "completeness_reward": -2.0,
    "debug_print_reward": 0.0,
    "interconnection_depth_reward": 0.0,
    "nli_coherence_reward": -2.0,
    "self_consistency_reward": 0.0,
    "semantic_similarity_reward": -3.0,
    "structural_coherence_reward": -1.0,
    "terminology_reward": 0.0,
    "topic_relevance_reward": -1.5,
}
"""What the tables of REWARDS.md give to an empty answer; the format rewards look at tags instead."""


def every_reward() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("reward", REWARDS.values(), ids=REWARDS)


def same(first: Score, second: Score) -> bool:
    return first == second and json.dumps(first.evidence) == json.dumps(second.evidence)


@pytest.fixture(scope="module")
def batch(annotate: Annotate) -> list[AnnotatedSample]:
    """Every answer with all that any reward reads."""
    texts = [*ANSWERS.values(), *EMPTY.values()]
    return [annotate(QUESTION, text, REFERENCE, passages=PASSAGES) for text in texts]


def checked(reward: Reward, score: Score) -> None:
    """Range, finiteness, a reason for every None, evidence that goes over the wire."""
    json.dumps(score.evidence, allow_nan=False)
    assert score.value is None or math.isfinite(score.value)
    if score.score is None:
        assert score.reason
        return
    assert type(score.score) is float
    assert reward.low <= score.score <= reward.high


def test_the_rewards_of_the_specification_are_there() -> None:
    assert set(REWARDS) == {
        *EMPTY_SCORES,
        "match_format_exactly",
        "match_format_approximately",
        "nli_coherence_smooth_reward",
        "degeneration_reward",
        "focus_reward",
        "commitment_reward",
        "faithfulness_reward",
    }
    assert len({cls.name for cls in reward_classes()}) == len(reward_classes())


@every_reward()
def test_docstring_tells_what_and_range(reward: Reward) -> None:
    doc = reward.__doc__ or ""

    assert len(doc.split()) >= 15
    assert "Range" in doc
    assert reward.low < reward.high or reward.name == "debug_print_reward"


@every_reward()
def test_scores_keep_the_contract_on_any_text(
    reward: Reward, batch: Sequence[AnnotatedSample], verdicts_for: VerdictsFor
) -> None:
    for sample in batch:
        score = reward.score(sample, verdicts_for(sample, [reward]))

        checked(reward, score)
        claimless = bool(reward.reads & PASSAGE_READS) and score.reason == NO_CLAIM
        assert score.score is not None or claimless, f"{sample.sample.completion.text!r}: {score.reason}"


@every_reward()
def test_an_empty_answer_gets_what_the_table_says(
    reward: Reward, annotate: Annotate, verdicts_for: VerdictsFor
) -> None:
    for text in EMPTY.values():
        sample = annotate(QUESTION, text, REFERENCE, passages=PASSAGES)
        score = reward.score(sample, verdicts_for(sample, [reward]))

        if reward.name in EMPTY_SCORES:
            assert score.score == EMPTY_SCORES[reward.name]
        else:
            checked(reward, score)


@every_reward()
def test_none_exactly_where_something_to_read_is_missing(
    reward: Reward, annotate: Annotate, verdicts_for: VerdictsFor
) -> None:
    def score(question: str, reference: str | None, passages: Sequence[str] = PASSAGES) -> Score:
        sample = annotate(question, ANSWERS["honest"], reference, passages=passages)
        return reward.score(sample, verdicts_for(sample, [reward]))

    without_reference, without_question = score(QUESTION, None), score("?", REFERENCE)
    without_passages = score(QUESTION, REFERENCE, ())

    assert (without_reference.score is None) == bool(reward.reads & REFERENCE_READS)
    assert (without_question.score is None) == (Reads.QUESTION in reward.reads and reward.high > 0)
    assert (without_passages.score is None) == bool(reward.reads & PASSAGE_READS)
    checked(reward, without_reference)
    checked(reward, without_passages)
    checked(reward, without_question)


@every_reward()
def test_order_company_and_repetition_of_the_batch_change_nothing(
    reward: Reward, batch: Sequence[AnnotatedSample], verdicts_for: VerdictsFor
) -> None:
    verdicts = shared_verdicts(reward, batch)
    alone = [reward.score(sample, verdicts_for(sample, [reward])) for sample in batch]
    together = [reward.score(sample, verdicts) for sample in batch]
    backwards = [reward.score(sample, verdicts) for sample in reversed(batch)][::-1]

    for one, two, three in zip(alone, together, backwards, strict=True):
        assert same(one, two)
        assert same(two, three)


@every_reward()
def test_only_what_it_reads_is_read(reward: Reward, annotate: Annotate, verdicts_for: VerdictsFor) -> None:
    """A sample without the steps that the reward does not name scores the same."""
    for text in ANSWERS.values():
        full = annotate(QUESTION, text, REFERENCE, passages=PASSAGES)
        spare = annotate(QUESTION, text, REFERENCE, passages=PASSAGES, reads=reward.reads)

        assert same(
            reward.score(full, verdicts_for(full, [reward])),
            reward.score(spare, verdicts_for(spare, [reward])),
        )


@every_reward()
def test_every_pair_that_is_looked_up_was_asked_for(reward: Reward, batch: Sequence[AnnotatedSample]) -> None:
    for sample in batch:
        pairs = list(reward.pairs(sample))
        assert pairs == list(reward.pairs(sample))
        assert all(
            isinstance(pair, Pair) and pair.premise.strip() and pair.hypothesis.strip() for pair in pairs
        )
        assert not pairs or Reads.NLI in reward.reads


@every_reward()
def test_the_reasoning_is_never_read(reward: Reward, annotate: Annotate, verdicts_for: VerdictsFor) -> None:
    def answered(reasoning: str) -> AnnotatedSample:
        text = f"<think>{reasoning}</think>{ANSWERS['off topic']}"
        return annotate(QUESTION, text, REFERENCE, passages=PASSAGES)

    bare, hidden = answered("Hm."), answered(REFERENCE)

    assert same(
        reward.score(bare, verdicts_for(bare, [reward])), reward.score(hidden, verdicts_for(hidden, [reward]))
    )


def test_a_reward_that_invents_a_number_would_fail() -> None:
    """The check itself can fail."""

    class Broken(Reward):
        name, low, high, reads = "broken", 0.0, 1.0, frozenset()

        def score(self, sample: AnnotatedSample, verdicts: Verdicts) -> Score:  # noqa: ARG002
            return Score(float("nan"))

    broken = Broken(Domain(load_lexicon("marxist")))
    with pytest.raises(AssertionError):
        checked(broken, broken.score(AnnotatedSample(Sample("", "", split(""), None)), Verdicts()))


def shared_verdicts(reward: Reward, batch: Sequence[AnnotatedSample]) -> Verdicts:
    """One table of verdicts for the whole batch, as the engine makes it."""
    model = FakeNli()
    pairs = list(dict.fromkeys(pair for sample in batch for pair in reward.pairs(sample)))
    return Verdicts(dict(zip(pairs, model.run(pairs), strict=True)), model.calibration)
