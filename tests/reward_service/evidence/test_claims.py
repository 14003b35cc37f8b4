"""The claims of a reference, the premises for them, and what the answer says of each."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.evidence.claims import ClaimReading, claims, decide, pairs, readings, shares
from reward_service.evidence.statements import word_count
from reward_service.models.fakes import FakeAnnotator, FakeEmbedder, FakeNli
from reward_service.types import AnnotatedSample, Calibration, Pair, Sample, Verdict, Verdicts
from shared.completion import split

STATE = "The state is an instrument of class rule."
ORIGIN = "It arose when society split into hostile classes."
END = "Under communism it will wither away for good."
HONEST = "Every state serves the rule of one class as its instrument."
OTHER = "Bread was dear in Paris before the harvest."

ENTAILED = Verdict(0.9, 0.08, 0.02)
OPPOSED = Verdict(0.02, 0.08, 0.9)
OPEN = Verdict(0.1, 0.8, 0.1)


def annotated(answer: str, reference: str, question: str | None = None) -> AnnotatedSample:
    """A sample as the engine would build it, from fakes; by default its question asks for all that is
    said.
    """
    annotator, embedder = FakeAnnotator(), FakeEmbedder()
    answered, referred = annotator.answer(answer), annotator.answer(reference)
    asked = answer if question is None else question
    read = (asked, *(span.text for span in (*answered.sentences, *referred.sentences)))
    vectors = {text: embedder.answer(text) for text in read if text.strip()}
    return AnnotatedSample(
        Sample("a", asked, split(answer), reference), answer=answered, reference=referred, vectors=vectors
    )


def judged(
    sample: AnnotatedSample,
    said: Mapping[Pair, Verdict] | None = None,
    calibration: Calibration | None = None,
) -> Verdicts:
    """Verdicts on exactly the pairs that are asked for; what `said` leaves out is open."""
    given_verdicts = said or {}
    return Verdicts(
        {pair: given_verdicts.get(pair, OPEN) for pair in pairs(sample)}, calibration or Calibration()
    )


def placed(sample: AnnotatedSample, cosines: Mapping[str, float], claim: str) -> AnnotatedSample:
    """The sample with given cosines between sentences and one claim, and no vector of its question."""
    vectors = {claim: np.array([1.0, 0.0], dtype=np.float32)}
    for text, cosine in cosines.items():
        vectors[text] = np.array([cosine, (1 - cosine**2) ** 0.5], dtype=np.float32)
    return AnnotatedSample(sample.sample, sample.question, sample.answer, sample.reference, vectors=vectors)


def texts(reference: str) -> list[str]:
    return [span.text for span in claims(FakeAnnotator().answer(reference))]


def test_claims_are_the_sentences_without_fragments_questions_and_repetitions() -> None:
    assert texts(f"No. {STATE} What is the state for? {ORIGIN} {STATE.upper()}") == [STATE, ORIGIN]


def test_fragments_count_where_there_is_nothing_else() -> None:
    assert texts("Class rule. Force.") == ["Class rule.", "Force."]
    assert texts("...") == []


def test_a_hyphen_or_an_apostrophe_makes_no_second_word() -> None:
    assert word_count("Surplus-value isn't wages — it's more.") == 5


def test_premises_are_the_three_closest_alone_and_the_closest_with_its_neighbours() -> None:
    first, second, third, fourth = "Aa bb cc dd.", "Ee ff gg hh.", "Ii jj kk ll.", "Mm nn oo pp."
    sample = annotated(f"{first} {second} {third} {fourth}", STATE)
    sample = placed(sample, {first: 0.3, second: 0.2, third: 0.9, fourth: 0.6}, STATE)
    assert [pair.premise for pair in pairs(sample)] == [third, fourth, first, f"{second} {third} {fourth}"]
    (reading,) = readings(sample, judged(sample))
    assert reading.sentences == (third, fourth, first)
    assert reading.cosines == pytest.approx((0.9, 0.6, 0.3))


def test_entailment_is_the_best_of_all_premises() -> None:
    sample = annotated(f"{OTHER} {HONEST} {END}", STATE)
    (reading,) = readings(sample, judged(sample, {Pair(END, STATE): ENTAILED}))
    assert (reading.call, reading.support) == ("entailment", END)
    assert (reading.entailment, reading.contradiction) == (0.9, 0.0)  # 0.1 is a doubt of the model's
    joined = f"{OTHER} {HONEST} {END}"
    (reading,) = readings(sample, judged(sample, {Pair(joined, STATE): ENTAILED}))
    assert (reading.call, reading.support) == ("entailment", joined)


def test_only_the_closest_sentence_contradicts() -> None:
    sample = annotated(f"{OTHER} {HONEST}", STATE)
    (closest,) = readings(sample, judged(sample, {Pair(HONEST, STATE): OPPOSED}))
    assert (closest.call, closest.against, closest.denied_by) == ("contradiction", HONEST, None)
    (farther,) = readings(sample, judged(sample, {Pair(OTHER, STATE): OPPOSED}))
    assert farther.call == "neutral"


@pytest.mark.parametrize(("verdict", "counts"), [((0.3, 0.1, 0.6), 0.6), ((0.3, 0.21, 0.49), 0.0)])
def test_a_contradiction_under_the_threshold_counts_as_neutral(
    verdict: tuple[float, float, float], counts: float
) -> None:
    sample = annotated(HONEST, STATE)
    (reading,) = readings(sample, judged(sample, {Pair(HONEST, STATE): Verdict(*verdict)}))
    assert (reading.entailment, reading.contradiction) == (0.3, counts)
    assert reading.neutral == pytest.approx(0.7 - counts)


@pytest.mark.parametrize(("cosine", "call"), [(0.5, "contradiction"), (0.49, "neutral")])
def test_a_contradiction_must_speak_about_the_claim(cosine: float, call: str) -> None:
    sample = placed(annotated(OTHER, STATE), {OTHER: cosine}, STATE)
    (reading,) = readings(sample, judged(sample, {Pair(OTHER, STATE): OPPOSED}))
    assert reading.call == call
    assert (reading.against is None) == (call == "neutral")


def test_a_reported_view_contradicts_nothing() -> None:
    said = "According to liberals, the state is no instrument of class rule."
    sample = annotated(f"{said} {OTHER}", STATE)
    (reading,) = readings(sample, judged(sample, {Pair(said, STATE): OPPOSED}))
    assert (reading.call, reading.contradiction) == ("neutral", 0.0)


def test_what_contradicts_outright_is_not_undone_by_another_sentence() -> None:
    sample = annotated(f"{HONEST} {OTHER}", STATE)
    both = {Pair(HONEST, STATE): Verdict(0.0, 0.1, 0.9), Pair(OTHER, STATE): Verdict(0.6, 0.4, 0.0)}
    (reading,) = readings(sample, judged(sample, both))
    assert (reading.entailment, reading.neutral, reading.contradiction) == pytest.approx((0.1, 0.0, 0.9))
    assert reading.call == "contradiction"


def test_a_statement_entails_itself_and_no_model_is_asked() -> None:
    sample = annotated(STATE.replace(".", "!"), STATE)
    assert pairs(sample) == ()
    (reading,) = readings(sample, Verdicts())
    assert (reading.call, reading.entailment) == ("entailment", 1.0)


@pytest.mark.parametrize(
    "answer",
    [
        f'"{STATE} {ORIGIN}" This is false.',
        f'Some books say: "{STATE} {ORIGIN}" None of this is true.',
        f"{STATE} {ORIGIN} All of the above is wrong.",
        f"The following is false: {STATE} {ORIGIN}",
        f"It is false that {STATE} It is not true that {ORIGIN}",
        f"{STATE} Wrong. {ORIGIN} This is a lie.",
        f"It is false that {STATE} {ORIGIN}",
        f"{STATE} {ORIGIN} That is wrong. {OTHER}",
        f'{STATE} {ORIGIN} "{STATE} {ORIGIN}" This is false.',
    ],
)
def test_a_quoted_and_denied_reference_is_contradicted(answer: str) -> None:
    """The NLI model is fooled by every quotation here, as real ones are."""
    sample = annotated(answer, f"{STATE} {ORIGIN}")
    read = readings(sample, judged(sample, dict.fromkeys(pairs(sample), ENTAILED)))
    assert [reading.call for reading in read] == ["contradiction", "contradiction"]
    assert all(reading.denied_by for reading in read)
    assert decide(read, Calibration()) == "contradiction"


def test_a_denied_falsehood_contradicts_nothing() -> None:
    said = "The state is no instrument of class rule."
    sample = annotated(f"{said} This is false. {HONEST}", STATE)
    verdicts = judged(sample, {Pair(said, STATE): OPPOSED, Pair(HONEST, STATE): ENTAILED})
    (reading,) = readings(sample, verdicts)
    assert reading.call == "entailment"


def test_an_answer_that_denies_what_the_reference_denies_agrees_with_it() -> None:
    text = f"It is false that the state is neutral and above all classes. {STATE}"
    sample = annotated(text, text)
    assert [reading.call for reading in readings(sample, judged(sample))] == ["entailment", "entailment"]


def test_denying_a_view_agrees_with_a_reference_that_reports_it() -> None:
    view = "According to liberals, the state is neutral and above all classes."
    agreeing = annotated(f"{view} This is false. {OTHER}", view)
    assert readings(agreeing, judged(agreeing))[0].call == "entailment"
    quoting = annotated(f'"{view} {STATE}" This is false.', f"{view} {STATE}")
    assert [reading.call for reading in readings(quoting, judged(quoting))] == ["contradiction"] * 2


@pytest.mark.parametrize("times", [2, 7])
def test_repeating_a_sentence_earns_nothing(times: int) -> None:
    once = annotated(f"{OTHER} {HONEST}", f"{STATE} {ORIGIN} {END}")
    again = annotated(f"{OTHER} " + " ".join([HONEST, HONEST.upper()] * times), f"{STATE} {ORIGIN} {END}")
    said = {Pair(HONEST, claim): ENTAILED for claim in (STATE, ORIGIN)}
    entailed, contradicted = shares(readings(again, judged(again, said)))
    assert entailed <= shares(readings(once, judged(once, said)))[0]
    assert contradicted == 0.0
    assert {text for reading in readings(again, judged(again)) for text in reading.sentences} == {
        OTHER,
        HONEST,
    }


def test_an_answer_without_words_says_nothing() -> None:
    sample = annotated("... !!! ...", STATE)
    (reading,) = readings(sample, judged(sample))
    assert (reading.entailment, reading.neutral, reading.contradiction) == (0.0, 1.0, 0.0)
    assert (reading.call, reading.support, reading.sentences) == ("neutral", None, ())


def called(call: str) -> ClaimReading:
    (reading,) = readings(annotated(STATE, STATE), Verdicts())
    return ClaimReading(**{name: getattr(reading, name) for name in reading.__slots__} | {"call": call})


@pytest.mark.parametrize(
    ("entailed", "contradicted", "verdict"),
    [
        (5, 0, "entailment"),
        (4, 0, "neutral"),
        (5, 3, "contradiction"),
        (5, 2, "entailment"),
        (0, 0, "neutral"),
    ],
)
def test_shares_of_claims_make_the_verdict(entailed: int, contradicted: int, verdict: str) -> None:
    """Of ten claims, with thresholds of 0.5 and 0.3; both are reached, not passed."""
    open_claims = 10 - entailed - contradicted
    calls = ["entailment"] * entailed + ["contradiction"] * contradicted + ["neutral"] * open_claims
    read = [called(call) for call in calls]
    assert decide(read, Calibration(answer_entailed=0.5, answer_contradicted=0.3)) == verdict


@pytest.mark.parametrize(("threshold", "call"), [(0.9, "entailment"), (0.91, "neutral")])
def test_the_threshold_of_a_claim_belongs_to_the_model(threshold: float, call: str) -> None:
    sample = annotated(HONEST, STATE)
    verdicts = judged(sample, {Pair(HONEST, STATE): ENTAILED}, Calibration(claim_entailed=threshold))
    assert readings(sample, verdicts)[0].call == call


SENTENCES = st.lists(
    st.sampled_from(
        [
            STATE,
            ORIGIN,
            END,
            HONEST,
            OTHER,
            "This is false.",
            "None of this is true.",
            "No.",
            "…",
            "?",
            f'"{STATE}"',
            "It is false that the state is neutral.",
            "According to Kautsky, the state is neutral.",
            "What is the state?",
        ]
    ),
    max_size=8,
)


@given(SENTENCES, SENTENCES)
def test_every_reading_looks_up_only_what_was_asked(answer: list[str], reference: list[str]) -> None:
    sample = annotated(" ".join(answer), " ".join(reference))
    asked = pairs(sample)
    model = FakeNli()
    read = readings(sample, Verdicts({pair: model.answer(pair) for pair in asked}))
    assert len(asked) == len(set(asked))
    for reading in read:
        assert reading.entailment + reading.neutral + reading.contradiction == pytest.approx(1.0)
        assert min(reading.entailment, reading.neutral, reading.contradiction) >= 0.0
        assert json.loads(json.dumps(reading.evidence())) == reading.evidence()
