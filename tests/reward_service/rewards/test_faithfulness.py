"""Bands of faithfulness, and what the real models make of honest, invented and reversed answers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator

import pytest

from reward_service.evidence.faithfulness import NO_CLAIM, NO_PASSAGE, NO_SENTENCE
from reward_service.models.fakes import FakeNli
from reward_service.models.pack import load_pack
from reward_service.models.protocols import ModelPack
from reward_service.rewards.base import Domain
from reward_service.rewards.faithfulness import Faithfulness
from reward_service.types import Score, Verdict, Verdicts

from .conftest import Annotate, VerdictsFor

Scorer = Callable[..., Score]

RENT = "Ground rent is the part of surplus-value that falls to the owner of the land."
GUILDS = "The guilds of the medieval towns limited the number of journeymen whom a master might employ."
STRIKE = "In May 1889 nearly 90,000 miners of the Ruhr struck for the eight-hour shift."
PASSAGES = (f"{RENT} {GUILDS}", STRIKE)
QUESTION = "What did the miners want?"


@pytest.fixture
def score(annotate: Annotate, verdicts_for: VerdictsFor, domain: Domain) -> Scorer:
    reward = Faithfulness(domain)

    def of(
        answer: str,
        passages: tuple[str, ...] = PASSAGES,
        *,
        pack: ModelPack | None = None,
    ) -> Score:
        embedder, nli = (None, FakeNli()) if pack is None else (pack.embedder, pack.nli)
        sample = annotate(QUESTION, answer, passages=passages, reads=reward.reads, embedder=embedder)
        return reward.score(sample, verdicts_for(sample, [reward], nli))

    return of


@pytest.fixture(scope="module")
def real() -> Iterator[ModelPack]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        pack = load_pack("embedded")
    yield pack
    for model in (pack.annotator, pack.embedder, pack.nli):
        model.close()


@pytest.mark.parametrize(
    ("answer", "expected", "value"),
    [
        (RENT, 3.0, 1.0),
        ("Whales breathe through their lungs.", -1.0, 0.0),
        (RENT.replace("is the part", "is not the part"), -3.0, -1.0),
        (f"{RENT} Whales breathe through their lungs.", 1.0, 0.5),
        (f"{RENT} {RENT} Whales breathe through their lungs.", 1.0, 0.5),
        (f"{RENT} {STRIKE.replace('1889', '1912')}", 0.0, 0.0),
    ],
)
def test_the_score_is_the_mean_of_the_bands_over_the_claims(
    score: Scorer, answer: str, expected: float, value: float
) -> None:
    found = score(answer)
    assert found.score == pytest.approx(expected)
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "passages", "reason"),
    [
        (RENT, (), NO_PASSAGE),
        (RENT, ("", ""), NO_PASSAGE),
        (RENT, ("...",), NO_SENTENCE),
        ("", PASSAGES, NO_CLAIM),
        ("Hello! How can I help you?", PASSAGES, NO_CLAIM),
        ("<think>" + RENT, PASSAGES, NO_CLAIM),
    ],
)
def test_what_cannot_be_scored_is_none_with_a_reason(
    score: Scorer, answer: str, passages: tuple[str, ...], reason: str
) -> None:
    found = score(answer, passages)
    assert (found.score, found.reason) == (None, reason)


def test_the_evidence_lists_sentences_and_unknown_names_with_their_places(score: Scorer) -> None:
    answer = f"{RENT} Their leader moved to Bremen in 1895."
    evidence = score(answer).evidence
    json.dumps(evidence, allow_nan=False)
    assert [sentence["verdict"] for sentence in evidence["sentences"]] == ["supported", "unsupported"]
    assert [sentence["passage"] for sentence in evidence["sentences"]] == [0, None]
    assert [(one["text"], one["kind"]) for one in evidence["unknown"]] == [
        ("Bremen", "name"),
        ("1895", "date"),
    ]
    for found in evidence["unknown"]:
        assert answer[found["start"] : found["end"]] == found["text"]
    shares = [evidence[f"share_{verdict}"] for verdict in ("supported", "unsupported", "contradicted")]
    assert shares == [0.5, 0.5, 0.0]


def test_unknown_names_change_no_score_and_come_without_claims_too(score: Scorer) -> None:
    found = score("Was it Bremen in 1895?")
    assert found.reason == NO_CLAIM
    assert [one["text"] for one in found.evidence["unknown"]] == ["Bremen", "1895"]


HONEST = (
    "Part of the surplus-value goes to those who own the land; that is ground rent. "
    "Medieval guilds restricted how many journeymen a master could employ. "
    "The Ruhr miners went on strike in May 1889."
)
INVENTED = (
    "The mine owners formed a secret committee in Essen. "
    "Most of the pits were later sold to a Belgian bank. "
    "The price of coal doubled within a year."
)
REVERSED = (
    "Ground rent is no part of surplus-value and never falls to the owner of the land. "
    "The guilds of the medieval towns set no limit to the number of journeymen. "
    "In May 1889 the miners of the Ruhr struck against the eight-hour shift."
)


def test_the_real_models_tell_honest_from_invented_and_reversed(score: Scorer, real: ModelPack) -> None:
    honest, invented, turned = (score(text, pack=real) for text in (HONEST, INVENTED, REVERSED))
    assert honest.score == 3.0
    assert [one["passage"] for one in honest.evidence["sentences"]] == [0, 0, 1]
    assert invented.score == -1.0
    assert turned.score is not None
    assert turned.score <= -1.0
    assert turned.evidence["share_supported"] == 0.0
    assert turned.evidence["share_contradicted"] > 0.5


def test_the_order_of_passages_and_a_further_one_change_nothing(score: Scorer, real: ModelPack) -> None:
    further = "Whales breathe through their lungs. They come up for air."
    first = score(HONEST, pack=real)
    for passages in (PASSAGES[::-1], (*PASSAGES, further), (further, "", *PASSAGES)):
        assert score(HONEST, passages, pack=real).score == first.score


@pytest.mark.parametrize(
    ("year", "verdict", "unknown"), [("1889", "supported", None), ("1912", "unsupported", "1912")]
)
def test_a_model_cannot_support_a_date_that_no_passage_has(
    annotate: Annotate, domain: Domain, real: ModelPack, year: str, verdict: str, unknown: str | None
) -> None:
    """The model is made to entail everything: to a small one a year is much like another."""
    reward = Faithfulness(domain)
    answer = f"In {year} a great many miners of the Ruhr went on strike for a shift of eight hours."
    sample = annotate(QUESTION, answer, passages=PASSAGES, reads=reward.reads, embedder=real.embedder)
    entailed = Verdicts(dict.fromkeys(reward.pairs(sample), Verdict(0.98, 0.01, 0.01)), real.nli.calibration)
    (sentence,) = reward.score(sample, entailed).evidence["sentences"]
    assert (sentence["verdict"], sentence["unknown_date"]) == (verdict, unknown)
