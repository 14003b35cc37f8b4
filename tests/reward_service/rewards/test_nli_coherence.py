"""Bands of the verdict, the smooth mean, and what becomes of denials and repetitions."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reward_service.evidence.claims import NO_CLAIM, NO_REFERENCE
from reward_service.models.fakes import FakeNli
from reward_service.rewards.base import Domain, Reward
from reward_service.rewards.nli_coherence import NliCoherence
from reward_service.rewards.nli_coherence_smooth import NliCoherenceSmooth
from reward_service.types import Calibration, Pair, Score, Verdict

Scorer = Callable[..., Score]

CLAIMS = (
    "The state is an instrument of class rule.",
    "Surplus-value is unpaid labour of the workers.",
    "Imperialism is the monopoly stage of capitalism.",
    "Wages are the price of labour-power.",
)
REFERENCE = " ".join(CLAIMS)
ANSWER = "An answer that is long enough to be read."


def nli(*verdicts: Verdict) -> FakeNli:
    """A model that says these things of the four claims, to whatever premise."""
    by_claim = dict(zip(CLAIMS, verdicts, strict=True))

    class ByClaim(FakeNli):
        def answer(self, item: Pair) -> Verdict:
            return by_claim[item.hypothesis]

    calibration = Calibration(answer_entailed=0.5, answer_contradicted=0.5)
    return ByClaim(calibration=calibration)


E, N, C = Verdict(0.8, 0.1, 0.1), Verdict(0.1, 0.8, 0.1), Verdict(0.1, 0.1, 0.8)


@pytest.mark.parametrize(
    ("verdicts", "verdict", "score", "value"),
    [
        ((E, E, E, E), "entailment", 3.0, 1.0),
        ((E, E, N, N), "entailment", 3.0, 0.5),
        ((E, N, N, N), "neutral", -1.0, 0.25),
        ((N, N, N, N), "neutral", -1.0, 0.0),
    ],
)
def test_the_share_of_entailed_claims_makes_the_band(
    domain: Domain,
    score_answer: Scorer,
    verdicts: tuple[Verdict, ...],
    verdict: str,
    score: float,
    value: float,
) -> None:
    result = score_answer(
        NliCoherence(domain), ANSWER, question=ANSWER, reference=REFERENCE, nli=nli(*verdicts)
    )
    assert (result.score, result.value) == (score, value)
    assert result.evidence["verdict"] == verdict


@pytest.mark.parametrize(("opposed", "score"), [(0, 3.0), (1, -1.0), (2, -3.0), (4, -3.0)])
def test_contradicted_claims_outweigh_entailed_ones(
    domain: Domain, score_answer: Scorer, opposed: int, score: float
) -> None:
    """Each claim is stated, or negated word for word; one of four bars entailment already."""
    answer = " ".join(
        claim.replace(" is ", " is not ").replace(" are ", " are not ") if index < opposed else claim
        for index, claim in enumerate(CLAIMS)
    )
    model = FakeNli(calibration=Calibration(answer_entailed=0.5, answer_contradicted=0.5))
    result = score_answer(NliCoherence(domain), answer, reference=REFERENCE, nli=model)
    assert result.score == score
    assert result.evidence["share_contradicted"] == opposed / 4
    against = [claim["against"] for claim in result.evidence["claims"][:opposed]]
    assert all(" not " in sentence for sentence in against)


def test_the_smooth_score_is_the_mean_over_claims(domain: Domain, score_answer: Scorer) -> None:
    result = score_answer(
        NliCoherenceSmooth(domain),
        ANSWER,
        question=ANSWER,
        reference=REFERENCE,
        nli=nli(E, N, Verdict(0.5, 0.5, 0.0), N),
    )
    # The answer speaks about no claim, so that nothing is contradicted and P(n) = 1 − P(e).
    expected = [3 * 0.8 - 0.2, 3 * 0.1 - 0.9, 3 * 0.5 - 0.5, 3 * 0.1 - 0.9]
    assert result.score == pytest.approx(sum(expected) / 4)
    assert result.value == result.score


def test_a_contradiction_counts_three_times_in_the_smooth_score(domain: Domain, score_answer: Scorer) -> None:
    claim, answer = CLAIMS[0], "All classes have used the state for ends of their own rule."
    model = FakeNli({Pair(answer, claim): Verdict(0.1, 0.2, 0.7)})
    result = score_answer(NliCoherenceSmooth(domain), answer, reference=claim, nli=model)
    assert result.score == pytest.approx(3 * 0.1 - 0.2 - 3 * 0.7)


BOTH = pytest.mark.parametrize("reward", [NliCoherence, NliCoherenceSmooth])


@BOTH
@pytest.mark.parametrize(
    ("answer", "score"), [("", -2.0), ("Nineteen characters", -2.0), ("<think>unclosed " + REFERENCE, -2.0)]
)
def test_an_answer_under_twenty_characters_is_no_answer(
    domain: Domain, score_answer: Scorer, reward: type[Reward], answer: str, score: float
) -> None:
    assert score_answer(reward(domain), answer, reference=REFERENCE).score == score


@BOTH
def test_twenty_characters_are_read(domain: Domain, score_answer: Scorer, reward: type[Reward]) -> None:
    result = score_answer(reward(domain), "Twenty characters it", reference=REFERENCE)
    assert result.score != -2.0
    assert result.evidence["claims"]


@BOTH
@pytest.mark.parametrize("reference", [None, "", " \n"])
@pytest.mark.parametrize("answer", [ANSWER, ""])
def test_without_reference_there_is_no_score(
    domain: Domain, score_answer: Scorer, reward: type[Reward], reference: str | None, answer: str
) -> None:
    result = score_answer(reward(domain), answer, reference=reference)
    assert (result.score, result.reason) == (None, NO_REFERENCE)


@BOTH
def test_a_reference_without_words_claims_nothing(
    domain: Domain, score_answer: Scorer, reward: type[Reward]
) -> None:
    result = score_answer(reward(domain), ANSWER, reference="… !? …")
    assert (result.score, result.reason) == (None, NO_CLAIM)


@BOTH
def test_a_reference_against_itself_ends_at_the_top(
    domain: Domain, score_answer: Scorer, reward: type[Reward]
) -> None:
    assert score_answer(reward(domain), REFERENCE, reference=REFERENCE).score == 3.0


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        f'"{REFERENCE}" This is false.',
        f"The textbook says: “{REFERENCE}” None of this is true.",
        f"{REFERENCE} All of the above is wrong.",
        f"{REFERENCE} That is not true.",
        f"The following is false: {REFERENCE}",
        " ".join(f"It is not true that {claim[0].lower()}{claim[1:]}" for claim in CLAIMS),
        " ".join(f"{claim} Wrong." for claim in CLAIMS),
    ],
)
def test_a_reference_quoted_and_denied_ends_at_the_bottom(
    domain: Domain, score_answer: Scorer, reward: type[Reward], answer: str
) -> None:
    """The model is fooled by every quotation: only the denial can bring the score down."""
    result = score_answer(reward(domain), answer, reference=REFERENCE, nli=nli(E, E, E, E))
    assert result.score is not None
    assert result.score < -1.5
    assert all(claim["denied_by"] for claim in result.evidence["claims"])


@BOTH
def test_one_good_sentence_repeated_earns_no_more_than_once(
    domain: Domain, score_answer: Scorer, reward: type[Reward]
) -> None:
    once = score_answer(reward(domain), CLAIMS[0], reference=REFERENCE)
    again = score_answer(reward(domain), " ".join([CLAIMS[0]] * 9), reference=REFERENCE)
    assert once.score is not None
    assert again.score is not None
    assert again.score <= once.score
    assert again.evidence["bearing"]["idle_sentences"] == [CLAIMS[0]] * 8
    assert once.score < 1


@BOTH
def test_evidence_is_plain_json_with_the_sentence_that_supports(
    domain: Domain, score_answer: Scorer, reward: type[Reward]
) -> None:
    answer = f"Bread was dear. {CLAIMS[1]}"
    result = score_answer(reward(domain), answer, question=answer, reference=REFERENCE)
    assert json.loads(json.dumps(result.evidence)) == result.evidence
    claims = result.evidence["claims"]
    assert [claim["claim"] for claim in claims] == list(CLAIMS)
    assert (claims[1]["support"], claims[1]["verdict"], claims[1]["cosine"]) == (CLAIMS[1], "entailment", 1.0)


def test_shuffled_words_support_no_claim(domain: Domain, score_answer: Scorer) -> None:
    """To a model that believes everything, words in no order still entail nothing; the statements do."""
    soup = (
        "of the is and class. the of an rule is. workers and the of labour the unpaid is. of the and is by a."
    )
    believes = nli(E, E, E, E)
    shuffled = score_answer(NliCoherenceSmooth(domain), soup, reference=REFERENCE, nli=believes)
    stated = score_answer(
        NliCoherenceSmooth(domain), ANSWER, question=ANSWER, reference=REFERENCE, nli=believes
    )
    assert shuffled.score == -1.0
    assert stated.score is not None
    assert stated.score > 0
